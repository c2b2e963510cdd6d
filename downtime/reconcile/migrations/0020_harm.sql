CREATE TABLE harm_finding (
    key TEXT NOT NULL,
    outage TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    ward TEXT NOT NULL,
    needs INTEGER NOT NULL,
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (outage, key)
);
CREATE INDEX harm_finding_kind ON harm_finding (outage, kind, state);
CREATE TABLE harm_run (
    outage TEXT NOT NULL,
    at TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    compared TEXT NOT NULL,
    findings INTEGER NOT NULL,
    figures TEXT NOT NULL
);
CREATE INDEX harm_run_outage ON harm_run (outage, at);
CREATE TABLE harm_review (
    outage TEXT NOT NULL,
    finding TEXT NOT NULL,
    digest TEXT NOT NULL,
    way TEXT NOT NULL,
    outcome TEXT NOT NULL,
    note TEXT NOT NULL,
    person TEXT NOT NULL,
    person_name TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX harm_review_finding ON harm_review (outage, finding);
