ALTER TABLE item ADD COLUMN event TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN transcriber TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN proposal TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN proposed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN proposed_by_name TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN proposed TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN batch TEXT NOT NULL DEFAULT '';
UPDATE item SET
    transcriber = coalesce(json_extract(fact, '$.transcriber'), ''),
    event = coalesce(json_extract(fact, '$.event'), ''),
    is_open = decision = 'open' AND state IN ('new', 'newer-live', 'conflict', 'unmatched');
CREATE INDEX item_kinds ON item (outage, is_open, state, type, system, form, ward);
CREATE INDEX item_serial ON item (serial);
CREATE INDEX item_of_batch ON item (batch) WHERE batch <> '';
CREATE TABLE item_batch (
    id TEXT PRIMARY KEY,
    outage TEXT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    filter TEXT NOT NULL,
    items INTEGER NOT NULL,
    decided TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_by_name TEXT NOT NULL,
    undone TEXT NOT NULL DEFAULT '',
    undone_by_name TEXT NOT NULL DEFAULT '',
    undone_reason TEXT NOT NULL DEFAULT ''
);
CREATE TABLE item_before (
    batch TEXT NOT NULL,
    key TEXT NOT NULL,
    decided TEXT NOT NULL,
    PRIMARY KEY (batch, key)
) WITHOUT ROWID;
ALTER TABLE comparison ADD COLUMN basis TEXT NOT NULL DEFAULT '';
CREATE TABLE compared_form (
    serial TEXT PRIMARY KEY,
    outage TEXT NOT NULL,
    stamp TEXT NOT NULL,
    people TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE compared_person (
    outage TEXT NOT NULL,
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    patient TEXT NOT NULL,
    PRIMARY KEY (outage, id)
) WITHOUT ROWID;
CREATE TABLE compared_link (
    outage TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (outage, key)
) WITHOUT ROWID;
