-- Of a kept page: the SHA-256 of its picture as it was taken in (empty for one of an older program), the codes that
-- were read on it, and when it came to its form here (UTC).
ALTER TABLE form_scan_page ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE form_scan_page ADD COLUMN codes TEXT NOT NULL DEFAULT '';
ALTER TABLE form_scan_page ADD COLUMN filed TEXT NOT NULL DEFAULT '';
