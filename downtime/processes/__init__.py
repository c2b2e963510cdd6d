"""The three ways in which this program uses another process; nothing else starts one."""
