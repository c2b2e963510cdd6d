-- Bundles that a person took over although the laptop's past cannot be proved: why, and the file
-- itself as it came, sealed, so that nothing of it is lost whatever could not be put in order.
CREATE TABLE handed_over_doubt (
    sha256 TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    branch TEXT NOT NULL,
    doubt TEXT NOT NULL,
    why TEXT NOT NULL,
    taken TEXT NOT NULL,
    taken_by TEXT NOT NULL,
    taken_name TEXT NOT NULL,
    clashes TEXT NOT NULL,
    file BLOB NOT NULL
);
