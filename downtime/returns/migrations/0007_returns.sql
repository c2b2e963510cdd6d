CREATE TABLE returned_message (
    control_id TEXT PRIMARY KEY,
    item TEXT NOT NULL,
    outage TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    system TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    file TEXT NOT NULL,
    exported TEXT NOT NULL,
    exported_by TEXT NOT NULL
);
CREATE INDEX returned_message_outage ON returned_message (outage, channel);
CREATE TABLE statement_signature (
    outage TEXT NOT NULL,
    role TEXT NOT NULL,
    facts_sha256 TEXT NOT NULL,
    person TEXT NOT NULL,
    person_name TEXT NOT NULL,
    signed TEXT NOT NULL,
    PRIMARY KEY (outage, role, facts_sha256)
);
