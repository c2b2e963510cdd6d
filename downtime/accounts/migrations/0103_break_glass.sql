-- Access for a named person without an account here: who, why, how far, who let them in, what a review said.
CREATE TABLE break_glass (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    employer TEXT NOT NULL,
    registration TEXT NOT NULL,
    reason TEXT NOT NULL,
    ward TEXT NOT NULL,
    patient TEXT NOT NULL,
    started TEXT NOT NULL,
    ends TEXT NOT NULL,
    sponsor TEXT NOT NULL,
    sponsor_name TEXT NOT NULL,
    ward_code TEXT NOT NULL,
    device TEXT NOT NULL,
    pin TEXT NOT NULL,
    ended TEXT NOT NULL DEFAULT '',
    ended_by TEXT NOT NULL DEFAULT '',
    verdict TEXT NOT NULL DEFAULT '',
    reviewed TEXT NOT NULL DEFAULT '',
    reviewed_by TEXT NOT NULL DEFAULT '',
    reviewed_name TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT ''
);
-- Codes in sealed envelopes on wards: each opens the vault once.
CREATE TABLE ward_code (
    label TEXT PRIMARY KEY,
    ward TEXT NOT NULL,
    created TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_name TEXT NOT NULL,
    used TEXT NOT NULL DEFAULT '',
    access TEXT NOT NULL DEFAULT '',
    withdrawn TEXT NOT NULL DEFAULT ''
);
INSERT INTO bound_table (name) VALUES ('ward_code');
INSERT INTO bound_table (name, columns) VALUES (
    'break_glass',
    'id person username name employer registration reason ward patient started ends sponsor sponsor_name ward_code device ended ended_by verdict reviewed reviewed_by reviewed_name note'
);
CREATE TRIGGER break_glass_kept BEFORE DELETE ON break_glass
BEGIN SELECT RAISE(ABORT, 'an access stays on record'); END;
