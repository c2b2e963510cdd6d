-- When a kept page was made small (UTC), and its picture as it was read, where the site keeps that too.
-- `paged`: its pages came one by one; a file's own bytes may be gone once its pages are small.
ALTER TABLE form_scan ADD COLUMN paged INTEGER NOT NULL DEFAULT 0;
UPDATE form_scan SET paged = 1 WHERE length(content) = 0;
ALTER TABLE form_scan_page ADD COLUMN recoded TEXT NOT NULL DEFAULT '';
-- When its picture was destroyed (UTC), by a list that two people signed.
ALTER TABLE form_scan_page ADD COLUMN destroyed TEXT NOT NULL DEFAULT '';
CREATE INDEX form_scan_page_first ON form_scan_page (serial) WHERE recoded = '';
CREATE TABLE form_page_original (
    serial TEXT NOT NULL REFERENCES form_scan (serial),
    page INTEGER NOT NULL,
    picture BLOB NOT NULL,
    PRIMARY KEY (serial, page)
);
