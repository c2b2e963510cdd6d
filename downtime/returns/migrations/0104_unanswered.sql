-- How many attempts of a message ended without an answer after its bytes may have left: it may have arrived.
-- Of older messages nobody knows how their earlier attempts ended, so each counts.
ALTER TABLE outbox ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET unanswered = attempts - 1 WHERE attempts > 1 AND state IN ('refused', 'held');
UPDATE outbox SET unanswered = attempts WHERE attempts > 0 AND state IN ('queued', 'sending');
-- Receivers that asked to be left alone: until when, and in which words.
CREATE TABLE target_pause (
    system TEXT NOT NULL,
    channel TEXT NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (system, channel)
) WITHOUT ROWID;
