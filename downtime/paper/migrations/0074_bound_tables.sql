-- The ledger of forms and every move of one: bound into the audit chain.
INSERT INTO bound_table (name) VALUES ('form_issue'), ('form_move'), ('assignment');
