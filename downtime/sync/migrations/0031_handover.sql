-- Bundles that were taken, each once however often it was brought.
CREATE TABLE handed_over (
    sha256 TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    head TEXT NOT NULL,
    created TEXT NOT NULL,
    taken TEXT NOT NULL,
    taken_by TEXT NOT NULL,
    taken_name TEXT NOT NULL,
    checkpoint TEXT NOT NULL
);
CREATE INDEX handed_over_device ON handed_over (device, sequence);
-- The audit chains of the laptops, as far as they were handed over.
CREATE TABLE laptop_audit (
    laptop TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    device TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    why TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (laptop, seq)
);
-- Who the accounts of laptops are, to show who did what.
CREATE TABLE laptop_person (
    id TEXT PRIMARY KEY,
    laptop TEXT NOT NULL,
    name TEXT NOT NULL
);
-- Laptops of which no bundle is awaited: they print nothing, or are lost for good.
CREATE TABLE laptop_excused (
    device TEXT PRIMARY KEY,
    why TEXT NOT NULL,
    at TEXT NOT NULL,
    by TEXT NOT NULL,
    by_name TEXT NOT NULL
);
