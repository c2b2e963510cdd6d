-- What two people said of something that speaks against this machine's records; `problem` as JSON.
CREATE TABLE statement_explanation (
    outage TEXT NOT NULL,
    id TEXT NOT NULL,
    problem TEXT NOT NULL,
    person TEXT NOT NULL,
    person_name TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT NOT NULL,
    second TEXT NOT NULL DEFAULT '',
    second_name TEXT NOT NULL DEFAULT '',
    second_at TEXT NOT NULL DEFAULT '',
    second_reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (outage, id)
);
-- Each closing of an outage's books: proposed by one person and closed by another while things were open
-- (`open_kinds` as JSON), or closed complete and signed; and who opened them again.
CREATE TABLE outage_closing (
    id INTEGER PRIMARY KEY,
    outage TEXT NOT NULL,
    state TEXT NOT NULL,
    verdict TEXT NOT NULL DEFAULT '',
    facts_sha256 TEXT NOT NULL DEFAULT '',
    open_kinds TEXT NOT NULL DEFAULT '{}',
    unsigned TEXT NOT NULL DEFAULT '[]',
    proposed_by TEXT NOT NULL DEFAULT '',
    proposed_name TEXT NOT NULL DEFAULT '',
    proposed_at TEXT NOT NULL DEFAULT '',
    proposed_reason TEXT NOT NULL DEFAULT '',
    closed_by TEXT NOT NULL DEFAULT '',
    closed_name TEXT NOT NULL DEFAULT '',
    closed_at TEXT NOT NULL DEFAULT '',
    closed_reason TEXT NOT NULL DEFAULT '',
    reopened_by TEXT NOT NULL DEFAULT '',
    reopened_name TEXT NOT NULL DEFAULT '',
    reopened_at TEXT NOT NULL DEFAULT '',
    reopened_reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outage_closing_outage ON outage_closing (outage);
INSERT INTO bound_table (name) VALUES ('statement_explanation'), ('outage_closing');
