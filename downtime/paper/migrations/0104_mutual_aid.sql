-- Other hospitals whose machines are believed: each row a list of their keys that was compared by telephone.
CREATE TABLE partner (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    keys TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    position INTEGER NOT NULL,
    added TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    is_withdrawn INTEGER NOT NULL
);
-- What other hospitals sent on paper: their summaries of patients, and what they can take.
CREATE TABLE aid_document (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    hospital TEXT NOT NULL,
    made TEXT NOT NULL,
    content TEXT NOT NULL,
    partner TEXT NOT NULL,
    received TEXT NOT NULL,
    received_by TEXT NOT NULL,
    received_name TEXT NOT NULL,
    arrival TEXT NOT NULL DEFAULT ''
);
CREATE INDEX aid_document_hospital ON aid_document (kind, hospital, made);
INSERT INTO bound_table (name) VALUES ('partner'), ('aid_document');
CREATE TRIGGER partner_unchanged BEFORE UPDATE ON partner
BEGIN SELECT RAISE(ABORT, 'keys of a partner are only ever added'); END;
