-- Static covariates as earlier dataset versions had them, so that an old forecast can be made again as it was.
CREATE TABLE series_static_history (
  workspace_id uuid NOT NULL REFERENCES workspace,
  series_id bigint NOT NULL REFERENCES series ON DELETE CASCADE,
  valid_to integer NOT NULL,
  static jsonb NOT NULL,
  PRIMARY KEY (series_id, valid_to)
);
COMMENT ON COLUMN series_static_history.valid_to IS 'First dataset version that no longer had these values; the current ones are in series';

-- Corrections and compaction leave dead chunks and their TOAST behind, a run a dead row for each progress message.
ALTER TABLE series_chunk SET (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE run SET (autovacuum_vacuum_scale_factor = 0.05);
