-- A number of a live system that was typed for two patients waits until a second person types it too.
CREATE TABLE rekey_claim (
    control_id TEXT PRIMARY KEY,
    number TEXT NOT NULL,
    claimed TEXT NOT NULL,
    claimed_by TEXT NOT NULL,
    claimed_by_name TEXT NOT NULL,
    confirmed TEXT NOT NULL DEFAULT '',
    confirmed_by TEXT NOT NULL DEFAULT '',
    confirmed_by_name TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
-- Who typed it, and who typed it too: bound into the audit chain.
INSERT INTO bound_table (name) VALUES ('rekey_claim');
