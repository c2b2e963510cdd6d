-- Fields that another person keys again without seeing them, chosen when the form was entered.
ALTER TABLE entry ADD COLUMN sample_keys TEXT NOT NULL DEFAULT '[]';
-- A form with no answer beyond what was printed: who keyed it says so, and another person agrees.
ALTER TABLE entry ADD COLUMN emptiness TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN confirmer TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN confirmer_name TEXT NOT NULL DEFAULT '';
-- Questions on a field: what was asked, answered and closed is only ever added to.
CREATE TABLE query_step (
    id TEXT PRIMARY KEY,
    query TEXT NOT NULL,
    serial TEXT NOT NULL,
    field TEXT NOT NULL,
    state TEXT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    person TEXT NOT NULL,
    person_name TEXT NOT NULL
);
CREATE INDEX query_step_serial ON query_step (serial, at);
INSERT INTO bound_table (name) VALUES ('query_step');
