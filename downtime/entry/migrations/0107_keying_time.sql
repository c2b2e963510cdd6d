-- How long it took to key a form in one sitting, for saying how many hours of keying wait.
CREATE TABLE keying_time (
    serial TEXT NOT NULL,
    form TEXT NOT NULL,
    task TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX keying_time_at ON keying_time (at);
