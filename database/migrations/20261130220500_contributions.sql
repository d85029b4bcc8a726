-- What the median of a forecast is made of, where somebody asked.
CREATE TABLE contribution (
  workspace_id uuid NOT NULL REFERENCES workspace (id),
  run_id uuid NOT NULL,
  series_id bigint NOT NULL,
  cutoff_step bigint NOT NULL,
  horizon integer NOT NULL,
  kinds text[] NOT NULL,
  names text[] NOT NULL,
  parts double precision[] NOT NULL,
  PRIMARY KEY (run_id, series_id, cutoff_step),
  FOREIGN KEY (run_id, series_id, cutoff_step) REFERENCES forecast (run_id, series_id, cutoff_step) ON DELETE CASCADE
);
COMMENT ON COLUMN contribution.parts IS 'The parts one after another in the order of names, each over the horizon; they add up to the median';
SELECT isolate_workspaces('contribution');
