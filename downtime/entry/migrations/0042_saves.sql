CREATE TABLE entry_save (
    serial TEXT PRIMARY KEY,
    page TEXT NOT NULL,
    step INTEGER NOT NULL
);
