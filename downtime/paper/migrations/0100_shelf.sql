-- The reference shelf: the hospital's own protocols, order sets, plans and its telephone book.
-- A version is only ever added; withdrawing one is a version too.
CREATE TABLE shelf_version (
    id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    review TEXT NOT NULL,
    expires TEXT NOT NULL,
    is_public INTEGER NOT NULL,
    in_binder INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    added TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_name TEXT NOT NULL,
    device TEXT NOT NULL,
    reason TEXT NOT NULL,
    is_withdrawn INTEGER NOT NULL
);
CREATE INDEX shelf_version_document ON shelf_version (document, position);
CREATE TABLE shelf_file (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE VIRTUAL TABLE shelf_page USING fts5(
    text, version UNINDEXED, page UNINDEXED, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
-- What may be read in an outage, who put it there and until when it holds: bound into the audit chain.
INSERT INTO bound_table (name) VALUES ('shelf_version');
CREATE TRIGGER shelf_version_unchanged BEFORE UPDATE ON shelf_version
BEGIN SELECT RAISE(ABORT, 'versions are only ever added'); END;
