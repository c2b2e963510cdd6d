-- An outage can open while older ones are being recovered; only one of them all has systems down.
DROP INDEX outage_one_at_a_time;
CREATE UNIQUE INDEX outage_one_is_open ON outage ((1)) WHERE state = 'open';
-- The snapshot in use when a system was lost: each has a T0 of its own.
ALTER TABLE outage_system ADD COLUMN snapshot TEXT NOT NULL DEFAULT '';
UPDATE outage_system SET snapshot = (SELECT snapshot FROM outage WHERE id = outage_system.outage);
-- When a person chose to work on the recovery of an outage; the latest counts.
ALTER TABLE outage ADD COLUMN chosen TEXT NOT NULL DEFAULT '';
