-- Why an item is in its state, as JSON: codes with the values they speak of. Items that an earlier
-- version compared keep their sentence in `explanation`, and are shown as they are.
ALTER TABLE item ADD COLUMN reasons TEXT NOT NULL DEFAULT '';
-- What proves a link beside name and birth, apart from the reason given.
ALTER TABLE identity_link ADD COLUMN evidence TEXT NOT NULL DEFAULT '';
