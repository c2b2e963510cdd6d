CREATE TABLE checkpoint (
    count INTEGER PRIMARY KEY,
    head TEXT NOT NULL,
    at TEXT NOT NULL,
    device TEXT NOT NULL,
    signature TEXT NOT NULL
);
