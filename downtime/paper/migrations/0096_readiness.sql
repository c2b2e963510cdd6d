-- Looks at whether the machine is ready; `checks` as JSON. The proof is the serial of a page read back.
CREATE TABLE readiness_round (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    person TEXT NOT NULL,
    person_name TEXT NOT NULL,
    checks TEXT NOT NULL,
    serial TEXT NOT NULL DEFAULT '',
    proved TEXT NOT NULL DEFAULT ''
);
INSERT INTO bound_table (name) VALUES ('readiness_round');
