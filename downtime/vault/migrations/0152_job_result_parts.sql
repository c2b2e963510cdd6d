-- A result lies in parts: writing a long one keeps nobody waiting for the length of it.
-- The former column stays, empty, for an older program that only reads this vault.
CREATE TABLE job_result_part (
    job TEXT NOT NULL,
    part INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (job, part)
);
INSERT INTO job_result_part SELECT id, 1, result FROM job WHERE result IS NOT NULL;
UPDATE job SET result = NULL;
