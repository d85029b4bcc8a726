-- Steps that gathered events cover in part, of each version: training leaves them out, whatever was appended since.
ALTER TABLE dataset_version ADD COLUMN partial_steps jsonb;
COMMENT ON COLUMN dataset_version.partial_steps IS 'By unique_id, the steps that events cover in part; NULL: none are known';
