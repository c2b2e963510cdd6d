-- A home that was copied or put back goes on in a block with a name: places in the order repeat.
DROP INDEX form_issue_block;
CREATE INDEX form_issue_block ON form_issue (substr(serial, 1, 2), position);
CREATE INDEX form_issue_first_block
    ON form_issue (substr(serial, 1, 2), CAST(substr(serial, 3, 6) AS INTEGER))
    WHERE length(serial) = 9;
