-- What laptops declared, and to which outage a person let it belong: bound into the audit chain.
INSERT INTO bound_table (name) VALUES ('outage_elsewhere');
