-- What other machines signed of this one's audit chain, when they heard from it.
CREATE TABLE countersignature (
    machine TEXT NOT NULL,
    count INTEGER NOT NULL,
    head TEXT NOT NULL,
    at TEXT NOT NULL,
    signature TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (machine, count)
);
-- The last marks that another machine showed, for each block from which it gives out numbers.
CREATE TABLE marks_elsewhere (
    device TEXT NOT NULL,
    block TEXT NOT NULL,
    generation INTEGER NOT NULL,
    document TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (device, block)
);
