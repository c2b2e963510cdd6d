-- What staff say on the screen during an outage. Only ever added to: a correction is another event.
CREATE TABLE outage_event (
    id TEXT PRIMARY KEY,
    root TEXT NOT NULL,
    position INTEGER NOT NULL,
    device TEXT NOT NULL,
    outage TEXT NOT NULL,
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,
    patient TEXT NOT NULL,
    subject TEXT NOT NULL,
    ward TEXT NOT NULL,
    topic TEXT NOT NULL,
    happened TEXT NOT NULL,
    entered TEXT NOT NULL,
    author TEXT NOT NULL,
    author_name TEXT NOT NULL,
    author_role TEXT NOT NULL,
    answers TEXT NOT NULL,
    is_withdrawn INTEGER NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX outage_event_outage ON outage_event (outage, kind);
CREATE INDEX outage_event_patient ON outage_event (patient);
CREATE INDEX outage_event_position ON outage_event (position);
CREATE INDEX outage_event_root ON outage_event (root);
CREATE INDEX outage_event_topic ON outage_event (topic) WHERE topic <> '';
-- What counts is bound into the audit chain; under which outage it stands may still be put right.
INSERT INTO bound_table (name, columns) VALUES (
    'outage_event',
    'id root position device kind patient subject ward topic happened entered author author_name author_role answers is_withdrawn reason'
);
CREATE TRIGGER outage_event_kept BEFORE DELETE ON outage_event
BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
CREATE TRIGGER outage_event_unchanged BEFORE UPDATE OF
    id, root, position, device, origin, kind, patient, subject, ward, topic, happened, entered, author,
    author_name, author_role, answers, is_withdrawn, reason ON outage_event
BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
