-- Snapshots that were opened here; exactly one is in use.
CREATE TABLE snapshot (
    id TEXT PRIMARY KEY,
    bundle TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    header TEXT NOT NULL,
    loaded TEXT NOT NULL,
    position INTEGER NOT NULL UNIQUE,
    pinned INTEGER NOT NULL DEFAULT 0
);
-- The highest number seen of each publisher: an older bundle is never taken for a newer one.
CREATE TABLE snapshot_seen (
    key TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    sha256 TEXT NOT NULL
);
-- The last number that this machine gave to a bundle of its own.
CREATE TABLE snapshot_published (
    epoch INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL
);
