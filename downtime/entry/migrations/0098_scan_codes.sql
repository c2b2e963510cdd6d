-- What the codes on a scanned paper say: the page codes that were read; whether a person said that it
-- is this form's although none was; and why it is in doubt, when another machine sent it.
ALTER TABLE form_scan ADD COLUMN codes TEXT NOT NULL DEFAULT '';
ALTER TABLE form_scan ADD COLUMN without_code INTEGER NOT NULL DEFAULT 0;
ALTER TABLE form_scan ADD COLUMN doubt TEXT NOT NULL DEFAULT '';
CREATE INDEX form_scan_file ON form_scan (sha256);
UPDATE bound_table SET columns = columns || ' codes without_code doubt' WHERE name = 'form_scan';
