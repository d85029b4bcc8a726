-- A rollback by monitoring is a fact of its own, not a reason that begins with certain words.
ALTER TABLE model_alias ADD COLUMN rollback boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN model_alias.rollback IS 'Monitoring gave the alias back, because the version that bore it was worse than seasonal naive';
-- Until now monitoring wrote exactly this sentence. A person who wrote the whole sentence is taken for it, as before; who only began
-- a reason with "rolled back" is not any more.
UPDATE model_alias SET rollback = true
WHERE alias = 'champion' AND reason ~ '^rolled back: the last [0-9]+ forecasts of version [0-9]+ were worse than seasonal naive$';

-- What a worker is at, as a list. A row is written anew every few seconds.
ALTER TABLE worker ALTER COLUMN busy_with TYPE text[] USING string_to_array(coalesce(busy_with, ''), ', ');
ALTER TABLE worker ALTER COLUMN busy_with SET DEFAULT '{}', ALTER COLUMN busy_with SET NOT NULL;
