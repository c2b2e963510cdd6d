-- When a scan was taken away from a form: whoever had entered it had seen pages of that scan, not the paper.
CREATE TABLE scan_taken_away (
    serial TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (serial, at)
);
INSERT INTO bound_table (name) VALUES ('scan_taken_away');
