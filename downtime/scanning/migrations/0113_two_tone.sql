-- Of a page of an older program nobody knows, so it counts as one.
-- A page scanned in black and white only is filed and read by a person: pale pencil is lost on it.
ALTER TABLE scan_page ADD COLUMN two_tone INTEGER NOT NULL DEFAULT 1;
