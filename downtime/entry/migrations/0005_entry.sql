CREATE TABLE entry (
    serial TEXT PRIMARY KEY,
    form TEXT NOT NULL,
    version TEXT NOT NULL,
    state TEXT NOT NULL,
    outage TEXT NOT NULL,
    answers TEXT NOT NULL,
    event TEXT NOT NULL,
    author TEXT NOT NULL,
    author_role TEXT NOT NULL,
    origin TEXT NOT NULL,
    transcriber TEXT NOT NULL,
    transcriber_name TEXT NOT NULL,
    entered TEXT NOT NULL,
    verifier TEXT NOT NULL,
    verifier_name TEXT NOT NULL,
    verified TEXT NOT NULL,
    changed TEXT NOT NULL,
    corrections INTEGER NOT NULL
);
CREATE INDEX entry_outage ON entry (outage, state);
CREATE TABLE entry_past (
    serial TEXT NOT NULL REFERENCES entry (serial),
    until TEXT NOT NULL,
    state TEXT NOT NULL,
    answers TEXT NOT NULL,
    transcriber TEXT NOT NULL,
    verifier TEXT NOT NULL,
    sent_back_by TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX entry_past_serial ON entry_past (serial);
