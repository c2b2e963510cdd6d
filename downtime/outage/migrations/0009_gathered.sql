-- A position is unique within the block of one device: a records station holds those of many.
CREATE TABLE downtime_number_of_all (
    number TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    issued TEXT NOT NULL,
    issued_by TEXT NOT NULL
);
INSERT INTO downtime_number_of_all SELECT number, position, issued, issued_by FROM downtime_number;
DROP TABLE downtime_number;
ALTER TABLE downtime_number_of_all RENAME TO downtime_number;
CREATE UNIQUE INDEX downtime_number_block ON downtime_number (substr(number, 2, 2), position);
-- What other laptops declared, as each said last; `joined` is the outage here that a person chose.
CREATE TABLE outage_elsewhere (
    device TEXT NOT NULL,
    id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    drill INTEGER NOT NULL,
    state TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    opened TEXT NOT NULL,
    closed TEXT NOT NULL,
    systems TEXT NOT NULL,
    joined TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (device, id)
);
