-- Implausible answers that somebody confirmed: which, why, who and when, beside the answers themselves.
ALTER TABLE entry ADD COLUMN confirmations TEXT NOT NULL DEFAULT '[]';
ALTER TABLE entry_past ADD COLUMN confirmations TEXT NOT NULL DEFAULT '[]';
ALTER TABLE entry_second ADD COLUMN confirmations TEXT NOT NULL DEFAULT '[]';
