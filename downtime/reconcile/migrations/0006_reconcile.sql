CREATE TABLE item (
    key TEXT PRIMARY KEY,
    outage TEXT NOT NULL,
    serial TEXT NOT NULL,
    form TEXT NOT NULL,
    ward TEXT NOT NULL,
    type TEXT NOT NULL,
    system TEXT NOT NULL,
    state TEXT NOT NULL,
    explanation TEXT NOT NULL,
    patient TEXT NOT NULL,
    matched TEXT NOT NULL,
    person TEXT NOT NULL,
    fact TEXT NOT NULL,
    digest TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    compared TEXT NOT NULL,
    decision TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_by_name TEXT NOT NULL,
    decided TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX item_outage ON item (outage, decision, state);
CREATE TABLE comparison (
    outage TEXT NOT NULL,
    at TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    forms INTEGER NOT NULL,
    items INTEGER NOT NULL
);
CREATE INDEX comparison_outage ON comparison (outage, at);
