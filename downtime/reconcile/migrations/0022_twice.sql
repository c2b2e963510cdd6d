CREATE INDEX item_patient ON item (outage, patient)
    WHERE type IN ('ServiceRequest', 'MedicationAdministration') AND patient <> '';
CREATE INDEX item_unit ON item (outage)
    WHERE type = 'MedicationAdministration' AND json_extract(fact, '$.fields.batch') <> '';
CREATE TABLE item_twice (
    key TEXT PRIMARY KEY,
    outage TEXT NOT NULL,
    serial TEXT NOT NULL,
    other TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX item_twice_serial ON item_twice (serial);
