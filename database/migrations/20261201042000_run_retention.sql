-- How long a workspace keeps what its runs leave behind; what is not named is kept for ever.

CREATE TABLE retention (
  workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  name text NOT NULL CHECK (name IN ('forecasts', 'runs', 'logs')),
  days integer NOT NULL CHECK (days > 0),
  PRIMARY KEY (workspace_id, name)
);
COMMENT ON TABLE retention IS 'Days that a workspace keeps finished runs and what belongs to them; without a row: for ever';
SELECT isolate_workspaces('retention');
SELECT audit_changes('retention', 'retention');

-- A run that goes is looked for in all of these.
CREATE INDEX dataset_version_of_run ON dataset_version (run_id);
CREATE INDEX model_version_of_run ON model_version (run_id);
CREATE INDEX schedule_firing_of_run ON schedule_firing (run_id) WHERE run_id IS NOT NULL;
