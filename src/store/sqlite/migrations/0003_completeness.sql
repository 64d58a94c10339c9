-- What was read for an item, as one JSON object; empty where nobody wrote it down.

ALTER TABLE check_result ADD COLUMN completeness TEXT NOT NULL DEFAULT '';
