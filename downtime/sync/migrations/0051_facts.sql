-- What spoke against a bundle, as facts that are worded when they are read; older rows keep their
-- sentence in `doubt`.
ALTER TABLE handed_over_doubt ADD COLUMN failure TEXT NOT NULL DEFAULT '';
ALTER TABLE handed_over_doubt ADD COLUMN laptop TEXT NOT NULL DEFAULT '';
ALTER TABLE handed_over_doubt ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;
-- The same for the second form under one serial; older rows keep their words in `what`.
ALTER TABLE handed_over_clash ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE handed_over_clash ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE handed_over_clash ADD COLUMN ward TEXT NOT NULL DEFAULT '';
ALTER TABLE handed_over_clash ADD COLUMN issued_name TEXT NOT NULL DEFAULT '';
