-- Due times come from the clock of the database; whose clock is far from it is named.
ALTER TABLE worker ADD COLUMN clock_skew_ms double precision;
COMMENT ON COLUMN worker.clock_skew_ms IS 'How far the clock of its machine is ahead of the database''s; negative where it is behind';
