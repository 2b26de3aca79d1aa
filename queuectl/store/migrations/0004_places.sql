-- Several machines on one queue.

ALTER TABLE hosts ADD COLUMN logs TEXT;  -- where other machines may ask for its logs, with the key for that
