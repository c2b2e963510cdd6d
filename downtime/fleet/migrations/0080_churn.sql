-- What snapshots that were believed looked like in short, to hold the next ones against.
CREATE TABLE snapshot_footprint (
    door TEXT NOT NULL,
    scope TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    created TEXT NOT NULL,
    released INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL,
    has_people INTEGER NOT NULL,
    PRIMARY KEY (door, scope, snapshot)
);
-- Snapshots that changed too much to be believed without a person's word.
CREATE TABLE snapshot_quarantine (
    number INTEGER PRIMARY KEY,
    door TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    bundle TEXT NOT NULL,
    created TEXT NOT NULL,
    since TEXT NOT NULL,
    times INTEGER NOT NULL,
    compared_with TEXT NOT NULL,
    findings TEXT NOT NULL,
    released_by_publisher TEXT NOT NULL,
    decided TEXT NOT NULL DEFAULT '',
    decided_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX snapshot_quarantine_open ON snapshot_quarantine (door, scope) WHERE state = 'open';
