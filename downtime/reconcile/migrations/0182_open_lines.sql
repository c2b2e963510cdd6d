-- The index of what is open holds all that a line of the list needs, so that no item is read for it.
DROP INDEX item_open;
CREATE INDEX item_open ON item (outage, event, key, serial, type, ward, state, is_open) WHERE is_open;
