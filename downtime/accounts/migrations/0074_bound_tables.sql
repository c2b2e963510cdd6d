-- Who people are, their roles and their second factors: bound into the audit chain.
INSERT INTO bound_table (name) VALUES ('person');
