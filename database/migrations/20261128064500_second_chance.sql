-- A run that lost its workers again and again, but came further each time, is no poison.
ALTER TABLE run ADD COLUMN parked_at text;
COMMENT ON COLUMN run.parked_at IS 'How far it was when its job was last parked';
