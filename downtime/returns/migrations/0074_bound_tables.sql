-- What was ticked off and signed: bound into the audit chain.
INSERT INTO bound_table (name) VALUES ('rekey_tick'), ('statement_signature');
