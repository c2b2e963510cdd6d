CREATE TABLE outbox (
    control_id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    outage TEXT NOT NULL,
    system TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    order_key TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    sha256 TEXT NOT NULL,
    file TEXT NOT NULL DEFAULT '',
    queued TEXT NOT NULL,
    queued_by TEXT NOT NULL,
    changed TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX outbox_waiting ON outbox (system, channel, state, position);
CREATE INDEX outbox_position ON outbox (position);
CREATE INDEX outbox_patient ON outbox (system, order_key, position);
CREATE INDEX outbox_outage ON outbox (outage, state);
CREATE TABLE outbox_item (
    control_id TEXT NOT NULL REFERENCES outbox (control_id),
    item TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (control_id, item)
);
CREATE INDEX outbox_item_item ON outbox_item (item);
INSERT INTO outbox (
    control_id, position, outage, system, channel, kind, order_key, state, sha256, file, queued, queued_by,
    changed, content
)
SELECT control_id, row_number() OVER (ORDER BY exported, control_id), outage, system, CASE channel WHEN 'hl7v2' THEN 'file' ELSE channel END, kind, '',
    'sent', sha256, file, exported, exported_by, exported, x''
FROM returned_message;
INSERT INTO outbox_item (control_id, item, digest)
SELECT sent.control_id, sent.item, coalesce(item.digest, '')
FROM returned_message AS sent
LEFT JOIN item ON item.key = sent.item AND item.decision = 'returned';
DROP TABLE returned_message;
