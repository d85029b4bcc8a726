-- Observations that are deleted leave a version without them; a dataset may say how long its observations are kept.
ALTER TABLE dataset_version DROP CONSTRAINT dataset_version_mode_check;
ALTER TABLE dataset_version ADD CONSTRAINT dataset_version_mode_check CHECK (mode IN ('append', 'replace', 'delete'));
ALTER TABLE dataset ADD COLUMN keep_days integer CHECK (keep_days > 0);
COMMENT ON COLUMN dataset.keep_days IS 'Observations older than so many days are given up; NULL keeps all';
