-- An item's key begins with its form's serial, so the key finds the items of a form. Rows that
-- lie in the order in which they came leave fewer pages to encrypt than rows in the order of serials.
DROP INDEX item_serial;
CREATE TABLE compared_form_now (
    serial TEXT PRIMARY KEY,
    outage TEXT NOT NULL,
    stamp TEXT NOT NULL,
    people TEXT NOT NULL
);
INSERT INTO compared_form_now SELECT serial, outage, stamp, people FROM compared_form;
DROP TABLE compared_form;
ALTER TABLE compared_form_now RENAME TO compared_form;
CREATE TABLE compared_person_now (
    outage TEXT NOT NULL,
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    patient TEXT NOT NULL,
    PRIMARY KEY (outage, id)
);
INSERT INTO compared_person_now SELECT outage, id, person, patient FROM compared_person;
DROP TABLE compared_person;
ALTER TABLE compared_person_now RENAME TO compared_person;
CREATE INDEX compared_person_numbered ON compared_person (outage)
    WHERE instr(person, '"downtime_number":');
