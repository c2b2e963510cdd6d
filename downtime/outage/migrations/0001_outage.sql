CREATE TABLE outage (
    id TEXT PRIMARY KEY,
    drill INTEGER NOT NULL,
    state TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    opened TEXT NOT NULL,
    closed TEXT NOT NULL
);
CREATE UNIQUE INDEX outage_one_at_a_time ON outage ((1)) WHERE state <> 'closed';
CREATE TABLE outage_system (
    outage TEXT NOT NULL REFERENCES outage (id),
    name TEXT NOT NULL,
    declared TEXT NOT NULL,
    ended TEXT NOT NULL
);
CREATE UNIQUE INDEX outage_system_down ON outage_system (outage, name) WHERE ended = '';
CREATE TABLE downtime_number (
    number TEXT PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
    issued TEXT NOT NULL,
    issued_by TEXT NOT NULL
);
