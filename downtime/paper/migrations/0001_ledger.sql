CREATE TABLE pack (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    wards TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    outage TEXT NOT NULL,
    drill INTEGER NOT NULL,
    issued_by TEXT NOT NULL,
    issued_name TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    pages INTEGER NOT NULL,
    state TEXT NOT NULL
);
CREATE TABLE form_layout (
    digest TEXT PRIMARY KEY,
    form TEXT NOT NULL,
    version TEXT NOT NULL,
    title TEXT NOT NULL,
    definition TEXT NOT NULL,
    geometry TEXT NOT NULL,
    pdf BLOB NOT NULL,
    made TEXT NOT NULL
);
CREATE TABLE form_issue (
    serial TEXT PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
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
    reason TEXT NOT NULL
);
CREATE INDEX form_issue_outage ON form_issue (outage, state);
CREATE INDEX form_issue_pack ON form_issue (pack);
CREATE INDEX form_issue_patient ON form_issue (patient) WHERE patient <> '';
