-- Lists of kept pages that are destroyed once a second person agrees, and what remains of each page.
CREATE TABLE page_destruction (
    id INTEGER PRIMARY KEY,
    outage TEXT NOT NULL,
    state TEXT NOT NULL,
    pages INTEGER NOT NULL,
    pages_sha256 TEXT NOT NULL,
    statement_sha256 TEXT NOT NULL,
    signed TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_name TEXT NOT NULL,
    proposed_at TEXT NOT NULL,
    proposed_reason TEXT NOT NULL,
    destroyed_by TEXT NOT NULL DEFAULT '',
    destroyed_name TEXT NOT NULL DEFAULT '',
    destroyed_at TEXT NOT NULL DEFAULT '',
    destroyed_reason TEXT NOT NULL DEFAULT ''
);
CREATE TABLE destroyed_page (
    destruction INTEGER NOT NULL REFERENCES page_destruction (id),
    serial TEXT NOT NULL,
    page INTEGER NOT NULL,
    box_page TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (destruction, serial, page, box_page)
);
INSERT INTO bound_table (name) VALUES ('page_destruction'), ('destroyed_page');
