-- What every comparison finds is bound into the audit chain too, whether or not somebody decided on it:
-- an item that is taken away, or counts as settled, would no longer be open. So are the runs themselves
-- and what the harm review finds.
UPDATE bound_table SET
    columns = 'key outage state digest is_open second decision decided_by decided reason',
    counted_when = ''
WHERE name = 'item';
INSERT INTO bound_table (name) VALUES ('comparison'), ('harm_run');
INSERT INTO bound_table (name, columns) VALUES ('harm_finding', 'key outage kind state needs digest');
INSERT INTO bound_table (name, columns)
    VALUES ('item_batch', 'id outage decision reason items decided decided_by undone undone_reason');
