CREATE TABLE identity_link (
    id TEXT PRIMARY KEY,
    outage TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    exact INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    person TEXT NOT NULL,
    paper TEXT NOT NULL,
    proposed TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_by_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    confirmed TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    confirmed_by_name TEXT NOT NULL,
    confirmed_reason TEXT NOT NULL,
    ended TEXT NOT NULL,
    ended_by TEXT NOT NULL,
    ended_by_name TEXT NOT NULL,
    ended_reason TEXT NOT NULL
);
CREATE UNIQUE INDEX identity_link_one ON identity_link (key)
    WHERE state IN ('proposed', 'confirmed');
CREATE INDEX identity_link_outage ON identity_link (outage, key);
