-- What the scanner read of fields as their second keying, where a site lets it, and whether it counted.
ALTER TABLE entry ADD COLUMN read_answers TEXT NOT NULL DEFAULT '{}';
ALTER TABLE entry ADD COLUMN reading_counts INTEGER NOT NULL DEFAULT 0;
