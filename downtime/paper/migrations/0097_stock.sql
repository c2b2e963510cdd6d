-- What people counted of what an outage uses up; the latest of a kind counts.
CREATE TABLE stock_count (
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    at TEXT NOT NULL,
    person TEXT NOT NULL,
    person_name TEXT NOT NULL
);
INSERT INTO bound_table (name) VALUES ('stock_count');
