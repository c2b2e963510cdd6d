"""The post-incident report: time line, charts with their tables, harm."""
