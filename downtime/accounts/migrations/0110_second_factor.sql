-- By how many 30-second steps a person's phone is ahead of this machine's clock, as their codes have shown;
-- and the last code that fitted another time, whose successor proves it.
CREATE TABLE code_drift (
    person TEXT PRIMARY KEY REFERENCES person (id),
    drift INTEGER NOT NULL DEFAULT 0,
    offered_step INTEGER NOT NULL DEFAULT 0,
    offered_offset INTEGER NOT NULL DEFAULT 0
);
-- Codes on a person's printed sheet: each signs in once, beside the password, and needs no clock.
CREATE TABLE printed_code (
    person TEXT NOT NULL REFERENCES person (id),
    sheet TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    created TEXT NOT NULL,
    created_by TEXT NOT NULL,
    used TEXT NOT NULL DEFAULT '',
    withdrawn TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (person, sheet, number)
);
INSERT INTO bound_table (name) VALUES ('code_drift');
INSERT INTO bound_table (name) VALUES ('printed_code');
-- The PIN that a person chose for one session on this machine; it goes with the session, or after wrong tries.
CREATE TABLE session_pin (
    token_hash TEXT PRIMARY KEY,
    slot TEXT NOT NULL,
    wrong_tries INTEGER NOT NULL DEFAULT 0
);
