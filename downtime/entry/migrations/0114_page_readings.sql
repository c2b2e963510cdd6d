-- A page scanned in black and white only is not measured, nor one of an older program, of which nobody knows.
-- What the program saw on a scanned page: ink and ticks in its fields, ink outside them. `reader` is its version.
ALTER TABLE form_scan_page ADD COLUMN two_tone INTEGER NOT NULL DEFAULT 1;
CREATE TABLE form_page_reading (
    serial TEXT NOT NULL REFERENCES form_scan (serial),
    page INTEGER NOT NULL,
    reader INTEGER NOT NULL,
    reading TEXT NOT NULL,
    read TEXT NOT NULL,
    PRIMARY KEY (serial, page)
);
INSERT INTO bound_table (name) VALUES ('form_page_reading');
