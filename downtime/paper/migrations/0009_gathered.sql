-- A position is unique within the block of one device: a records station holds those of many.
-- `origin` is the outage of another laptop under which it was printed there: `K7:2026-11-02-1`.
ALTER TABLE pack ADD COLUMN origin TEXT NOT NULL DEFAULT '';
CREATE TABLE form_content_kept AS SELECT serial, digest, body FROM form_content;
DROP TABLE form_content;
CREATE TABLE form_issue_of_all (
    serial TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    form TEXT NOT NULL,
    version TEXT NOT NULL,
    title TEXT NOT NULL,
    layout TEXT NOT NULL,
    pages INTEGER NOT NULL,
    returns INTEGER NOT NULL,
    patient TEXT NOT NULL,
    mrn TEXT NOT NULL,
    nhs_number TEXT NOT NULL,
    family TEXT NOT NULL,
    given TEXT NOT NULL,
    prefix TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    gender TEXT NOT NULL,
    downtime_number TEXT NOT NULL,
    ward TEXT NOT NULL,
    pack TEXT NOT NULL REFERENCES pack (id),
    outage TEXT NOT NULL,
    drill INTEGER NOT NULL,
    issued_by TEXT NOT NULL,
    issued_name TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    state TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    replaces TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL DEFAULT ''
);
INSERT INTO form_issue_of_all
    SELECT serial, position, form, version, title, layout, pages, returns, patient, mrn, nhs_number,
        family, given, prefix, birth_date, gender, downtime_number, ward, pack, outage, drill,
        issued_by, issued_name, issued_at, state, changed_by, changed_at, reason, replaces, ''
    FROM form_issue;
DROP TABLE form_issue;
ALTER TABLE form_issue_of_all RENAME TO form_issue;
CREATE UNIQUE INDEX form_issue_block ON form_issue (substr(serial, 1, 2), position);
CREATE INDEX form_issue_outage ON form_issue (outage, state);
CREATE INDEX form_issue_pack ON form_issue (pack);
CREATE INDEX form_issue_patient ON form_issue (patient) WHERE patient <> '';
CREATE INDEX form_issue_origin ON form_issue (origin) WHERE origin <> '';
CREATE TABLE form_content (
    serial TEXT PRIMARY KEY REFERENCES form_issue (serial),
    digest TEXT NOT NULL,
    body TEXT NOT NULL
);
INSERT INTO form_content SELECT serial, digest, body FROM form_content_kept;
DROP TABLE form_content_kept;
-- Every move of every form, by whom and on which device: the state of a form follows from them.
CREATE TABLE form_move (
    serial TEXT NOT NULL,
    device TEXT NOT NULL,
    step INTEGER NOT NULL,
    at TEXT NOT NULL,
    person TEXT NOT NULL,
    person_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    undoes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (serial, device, step)
);
CREATE INDEX form_move_seen ON form_move (kind, device, at);
INSERT INTO form_move (serial, device, step, at, person, person_name, kind, state, reason)
    SELECT serial, substr(serial, 1, 2), 1, changed_at, changed_by, '', 'was', state, reason
    FROM form_issue WHERE state <> 'issued';
-- Who sees to what is not settled, and by when.
CREATE TABLE assignment (
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    owner TEXT NOT NULL,
    due TEXT NOT NULL,
    note TEXT NOT NULL,
    assigned TEXT NOT NULL,
    assigned_by TEXT NOT NULL,
    assigned_name TEXT NOT NULL,
    PRIMARY KEY (kind, target)
);
CREATE INDEX assignment_due ON assignment (due);
