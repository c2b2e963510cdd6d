ALTER TABLE entry ADD COLUMN ward TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN waits TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN sampled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE entry ADD COLUMN basis TEXT NOT NULL DEFAULT '';
UPDATE entry SET waits = 'compare' WHERE state = 'entered';
UPDATE entry SET basis = 'compared' WHERE state = 'verified';
UPDATE entry SET ward = coalesce((SELECT ward FROM form_issue WHERE form_issue.serial = entry.serial), '');
CREATE INDEX entry_queue ON entry (waits, form, ward, event) WHERE waits <> '';
CREATE TABLE entry_claim (
    serial TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    minutes INTEGER NOT NULL
);
CREATE INDEX entry_claim_until ON entry_claim (until);
CREATE TABLE entry_second (
    serial TEXT PRIMARY KEY REFERENCES entry (serial),
    answers TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    changed TEXT NOT NULL,
    keyed TEXT NOT NULL
);
CREATE TABLE entry_check (
    serial TEXT NOT NULL,
    outage TEXT NOT NULL,
    form TEXT NOT NULL,
    at TEXT NOT NULL,
    basis TEXT NOT NULL,
    fields INTEGER NOT NULL,
    errors INTEGER NOT NULL
);
CREATE INDEX entry_check_form ON entry_check (outage, form, basis, at);
CREATE TABLE form_scan (
    serial TEXT PRIMARY KEY REFERENCES form_issue (serial),
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    attached TEXT NOT NULL,
    attached_by TEXT NOT NULL,
    attached_name TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE TABLE form_scan_page (
    serial TEXT NOT NULL REFERENCES form_scan (serial),
    page INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    picture BLOB NOT NULL,
    PRIMARY KEY (serial, page)
);
