-- A box of paper that went through a scanner: its batch, its files, and what became of each page.
CREATE TABLE scan_batch (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    outage TEXT NOT NULL,
    started TEXT NOT NULL,
    owner TEXT NOT NULL,
    owner_name TEXT NOT NULL,
    ended TEXT NOT NULL DEFAULT '',
    repeated INTEGER NOT NULL DEFAULT 0
);
-- A file is read once, whatever it is called. `content` is what a browser sent, until it is read.
CREATE TABLE scan_file (
    sha256 TEXT PRIMARY KEY,
    batch TEXT NOT NULL REFERENCES scan_batch (id),
    name TEXT NOT NULL,
    is_read INTEGER NOT NULL DEFAULT 0,
    content BLOB
);
CREATE INDEX scan_file_batch ON scan_file (batch);
-- `place` is the page's in its file, `page` the printed one. `outage` is whose statement it concerns.
CREATE TABLE scan_page (
    id TEXT PRIMARY KEY,
    batch TEXT NOT NULL REFERENCES scan_batch (id),
    number INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    place INTEGER NOT NULL,
    file TEXT NOT NULL,
    outcome TEXT NOT NULL,
    codes TEXT NOT NULL DEFAULT '',
    serial TEXT NOT NULL DEFAULT '',
    page INTEGER NOT NULL DEFAULT 0,
    outage TEXT NOT NULL,
    read TEXT NOT NULL,
    picture_sha256 TEXT NOT NULL DEFAULT '',
    proposer TEXT NOT NULL DEFAULT '',
    proposer_name TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    settled TEXT NOT NULL DEFAULT '',
    settled_name TEXT NOT NULL DEFAULT '',
    UNIQUE (sha256, place)
);
CREATE INDEX scan_page_batch ON scan_page (batch, outcome);
CREATE INDEX scan_page_outcome ON scan_page (outage, outcome);
CREATE INDEX scan_page_serial ON scan_page (serial, page);
-- Pictures of pages that lie with no form; that of a filed page is form_scan_page's.
CREATE TABLE scan_picture (
    id TEXT PRIMARY KEY REFERENCES scan_page (id),
    picture BLOB NOT NULL
);
INSERT INTO bound_table (name) VALUES ('scan_batch'), ('scan_page');
