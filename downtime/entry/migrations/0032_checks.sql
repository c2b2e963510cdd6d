CREATE INDEX entry_check_serial ON entry_check (serial, basis);
