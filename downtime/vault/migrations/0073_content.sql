-- What people wrote is bound into the chain: each entry carries a digest of the tables that count.
ALTER TABLE audit ADD COLUMN content TEXT NOT NULL DEFAULT '';
-- Tables whose rows count, as the rooms name them; with `counted_when` only rows in which that
-- column is not empty, and with `columns` (separated by spaces) only these.
CREATE TABLE bound_table (
    name TEXT PRIMARY KEY,
    columns TEXT NOT NULL DEFAULT '',
    counted_when TEXT NOT NULL DEFAULT ''
);
-- The sum of the hashes of all rows of a table.
CREATE TABLE content_sum (
    name TEXT PRIMARY KEY,
    total BLOB NOT NULL
);
INSERT INTO bound_table (name) VALUES ('bound_table');
