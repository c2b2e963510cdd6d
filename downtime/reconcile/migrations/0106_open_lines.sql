-- Lists of what is open, page by page: an index that holds all that a line needs, so that a large
-- hospital's list reads no finding and no item beyond those of its page.
DROP INDEX harm_finding_kind;
CREATE INDEX harm_finding_lines ON harm_finding (outage, kind, state, needs, key, ward, digest);
CREATE INDEX item_open ON item (outage, event, key) WHERE is_open;
