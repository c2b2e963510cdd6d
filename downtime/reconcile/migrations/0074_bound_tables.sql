-- What people decided: bound into the audit chain. Items that nobody decided follow from the rest.
INSERT INTO bound_table (name) VALUES ('identity_link'), ('harm_review');
INSERT INTO bound_table (name, columns, counted_when)
    VALUES ('item', 'key decision decided_by decided reason', 'decided');
