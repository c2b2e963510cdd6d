-- What forms say of one patient is laid beside each other, of whatever type it is.
DROP INDEX item_patient;
CREATE INDEX item_patient ON item (outage, patient) WHERE patient <> '';
