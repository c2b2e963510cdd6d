-- What the vault knows of the file of marks beside it: how often it was written, and when last.
CREATE TABLE mark_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL,
    changed INTEGER NOT NULL
);
-- The block from which numbers of a kind are given out; a first block has no name.
CREATE TABLE number_block (
    name TEXT PRIMARY KEY,
    block TEXT NOT NULL,
    used INTEGER NOT NULL
);
-- What was found at opening, until somebody has read it.
CREATE TABLE mark_event (
    at TEXT NOT NULL,
    finding TEXT NOT NULL,
    facts TEXT NOT NULL,
    read_at TEXT NOT NULL DEFAULT '',
    read_by TEXT NOT NULL DEFAULT ''
);
