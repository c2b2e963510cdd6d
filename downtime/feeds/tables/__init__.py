"""CSV and XLSX: rows to changes of records, by the mappings of the configuration."""
