CREATE TABLE person (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    totp_secret TEXT NOT NULL,
    totp_last_step INTEGER NOT NULL DEFAULT 0,
    initial_password INTEGER NOT NULL,
    created TEXT NOT NULL
);
CREATE TABLE session (
    token_hash TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    device TEXT NOT NULL,
    started TEXT NOT NULL,
    seen TEXT NOT NULL,
    ends TEXT NOT NULL,
    idle_minutes INTEGER NOT NULL,
    locked INTEGER NOT NULL DEFAULT 0
);
