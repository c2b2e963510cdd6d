-- Outages and numbers that were given out: bound into the audit chain.
INSERT INTO bound_table (name) VALUES ('outage'), ('outage_system'), ('downtime_number');
