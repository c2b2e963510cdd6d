"""HL7 v2: files to messages, messages to segments, segments to changes of records."""
