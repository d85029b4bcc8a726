-- A version that compaction gave up says so, instead of reading as something it never was.
ALTER TABLE dataset_version ADD COLUMN dropped_at timestamptz;
COMMENT ON COLUMN dataset_version.dropped_at IS 'Since when it can no longer be read: compaction dropped chunks that only it held';
