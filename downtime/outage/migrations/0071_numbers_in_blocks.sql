-- A home that was copied or put back goes on in a block with a name: places in the order repeat.
DROP INDEX downtime_number_block;
CREATE INDEX downtime_number_block ON downtime_number (substr(number, 2, 2), position);
