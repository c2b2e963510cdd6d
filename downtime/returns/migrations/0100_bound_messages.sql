-- What went out, what it carried and what was answered: bound into the audit chain. How often a message
-- was tried decides nothing and is left out: `outcome` is empty until it is handed over or settled.
ALTER TABLE outbox ADD COLUMN outcome TEXT GENERATED ALWAYS AS (
    CASE WHEN state IN ('sent', 'acknowledged', 'refused', 'resolved')
    THEN json_array(state, answer, reason) ELSE '' END
) VIRTUAL;
INSERT INTO bound_table (name) VALUES ('outbox_item');
INSERT INTO bound_table (name, columns)
    VALUES ('outbox', 'control_id outage system channel kind order_key sha256 queued queued_by outcome');
