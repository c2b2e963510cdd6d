-- Who did which step of 'What to do now', and who took that back; the latest row of a step counts.
CREATE TABLE action_step (
    outage TEXT NOT NULL REFERENCES outage (id),
    step TEXT NOT NULL,
    at TEXT NOT NULL,
    person TEXT NOT NULL,
    person_name TEXT NOT NULL,
    done INTEGER NOT NULL
);
CREATE INDEX action_step_outage ON action_step (outage);
INSERT INTO bound_table (name) VALUES ('action_step');
