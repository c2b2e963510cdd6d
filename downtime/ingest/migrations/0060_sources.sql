-- How each source of messages does, as the service that runs them says; nothing of a patient.
CREATE TABLE ingest_source (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    updated TEXT NOT NULL,
    messages INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    per_minute REAL NOT NULL,
    last_message TEXT NOT NULL,
    last_success TEXT NOT NULL,
    lag_seconds INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    last_error_at TEXT NOT NULL
);
-- Up to where a source that is asked has been read; what it holds is the source's own.
CREATE TABLE ingest_position (
    name TEXT PRIMARY KEY,
    position TEXT NOT NULL
);
