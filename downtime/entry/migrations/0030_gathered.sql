-- How the entry of a form stands on another machine, as that machine said last.
CREATE TABLE entry_elsewhere (
    serial TEXT NOT NULL,
    device TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (serial, device)
);
-- The digest of the entry that was taken over from elsewhere: as long as it is the present one,
-- nobody has worked on it here.
CREATE TABLE entry_taken (
    serial TEXT PRIMARY KEY,
    digest TEXT NOT NULL
);
-- Entries of elsewhere that a person put aside, or took instead of the one here.
CREATE TABLE entry_settled (
    serial TEXT NOT NULL,
    device TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (serial, device, digest)
);
