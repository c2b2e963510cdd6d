-- What people decided of snapshots in quarantine: bound into the audit chain.
INSERT INTO bound_table (name, columns, counted_when)
    VALUES ('snapshot_quarantine', 'number door scope state snapshot decided decided_by reason', 'decided_by');
