-- A short digest of each row that is bound into the audit chain, with the entry that wrote it: which
-- row was changed or taken away can be named.
CREATE TABLE bound_row (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    entry INTEGER NOT NULL,
    copies INTEGER NOT NULL,
    PRIMARY KEY (name, key, digest)
) WITHOUT ROWID;
-- How many entries the chain has, beside the chain: one whose last entries were cut off is short of it.
CREATE TABLE audit_end (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL
);
INSERT INTO audit_end (id, count) SELECT 1, coalesce(max(seq), 0) FROM audit;
