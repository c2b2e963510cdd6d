-- Which entries count, and since when they are as they are, is read without opening their answers.
DROP INDEX entry_outage;
CREATE INDEX entry_standing ON entry (outage, state, event, serial, changed, corrections, version);
