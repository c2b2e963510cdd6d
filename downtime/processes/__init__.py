"""Every way in which this program uses another process; nothing else starts one.

`pool` spreads our own work over the machine's cores, `sandbox` opens files of strangers under limits
of memory and time, `background` runs a long job beside the server, `program` runs one of the system's
own programs, `written_files` one that writes file after file.
"""
