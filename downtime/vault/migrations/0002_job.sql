CREATE TABLE job (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    arguments TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    sentence TEXT NOT NULL DEFAULT '',
    result BLOB,
    media_type TEXT NOT NULL DEFAULT '',
    file_name TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    person TEXT NOT NULL,
    person_name TEXT NOT NULL,
    device TEXT NOT NULL,
    created TEXT NOT NULL,
    ended TEXT NOT NULL DEFAULT ''
);
CREATE INDEX job_state ON job (state, created);
