-- Pages that were scanned after their form was entered: what somebody said who has looked at each.
CREATE TABLE late_page (
    serial TEXT NOT NULL,
    page INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (serial, page)
);
INSERT INTO bound_table (name) VALUES ('late_page');
