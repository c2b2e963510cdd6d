-- The digest of what was written, in each entry of a laptop's audit chain.
ALTER TABLE laptop_audit ADD COLUMN content TEXT NOT NULL DEFAULT '';
