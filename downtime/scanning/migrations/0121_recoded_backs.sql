-- When the picture of an empty back was made small (UTC).
ALTER TABLE scan_picture ADD COLUMN recoded TEXT NOT NULL DEFAULT '';
