-- Pages that will not be scanned although others of their form were: what somebody said became of each.
CREATE TABLE unscanned_page (
    serial TEXT NOT NULL,
    page INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (serial, page)
);
INSERT INTO bound_table (name) VALUES ('unscanned_page');
