-- Opened snapshots were closed because nothing was heard of the site; until when a person keeps them open.
CREATE TABLE fleet_silence (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    closed TEXT NOT NULL DEFAULT '',
    kept_until TEXT NOT NULL DEFAULT ''
);
-- The highest list of machines that was believed, to notice that an older one was put back on the disk.
CREATE TABLE fleet_list_seen (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    root_version INTEGER NOT NULL,
    version INTEGER NOT NULL
);
