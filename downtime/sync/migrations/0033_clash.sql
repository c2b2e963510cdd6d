-- Serials and downtime numbers that were given out a second time: the first is in the ledger, the
-- second lies in the kept file, and a person says what became of it.
CREATE TABLE handed_over_clash (
    number TEXT NOT NULL,
    digest TEXT NOT NULL,
    device TEXT NOT NULL,
    what TEXT NOT NULL,
    taken TEXT NOT NULL,
    settled TEXT NOT NULL DEFAULT '',
    settled_by TEXT NOT NULL DEFAULT '',
    settled_name TEXT NOT NULL DEFAULT '',
    why TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (number, digest)
);
INSERT INTO handed_over_clash (number, digest, device, what, taken)
    SELECT value, '', device, 'What it is stands in the kept file', min(taken)
    FROM handed_over_doubt, json_each(clashes) GROUP BY value;
