-- What forms say of one unit of blood is one event: one of them stands for it, the others behind it.
DROP TABLE item_twice;
CREATE TABLE item_twice (
    key TEXT PRIMARY KEY,
    outage TEXT NOT NULL,
    serial TEXT NOT NULL,
    other TEXT NOT NULL,  -- the key of what stands for it, or what it contradicts; '' when it stands
    unit TEXT NOT NULL,  -- what names the unit; '' for what is not a unit of blood
    place TEXT NOT NULL,  -- sorts the forms of a unit: the first stands
    firm INTEGER NOT NULL,  -- whether it contradicts no other
    alone TEXT NOT NULL  -- JSON: state, explanation, whether a second person confirms, by itself
) WITHOUT ROWID;
CREATE INDEX item_twice_serial ON item_twice (serial);
CREATE INDEX item_twice_unit ON item_twice (outage, unit) WHERE unit <> '';
