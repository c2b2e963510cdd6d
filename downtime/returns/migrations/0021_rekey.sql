CREATE TABLE rekey_tick (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    control_id TEXT NOT NULL REFERENCES outbox (control_id),
    number TEXT NOT NULL,
    ticked TEXT NOT NULL,
    ticked_by TEXT NOT NULL,
    ticked_by_name TEXT NOT NULL,
    unticked TEXT NOT NULL DEFAULT '',
    unticked_by TEXT NOT NULL DEFAULT '',
    unticked_by_name TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX rekey_tick_present ON rekey_tick (control_id) WHERE unticked = '';
