-- What planners change of stored forecasts. What the model said stays as it is; the final forecast is worked out when it is read.
CREATE TABLE forecast_override (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace (id),
  run_id uuid NOT NULL,
  series_id bigint NOT NULL,
  cutoff_step bigint NOT NULL,
  from_step bigint NOT NULL,
  to_step bigint NOT NULL CHECK (to_step >= from_step),
  change text NOT NULL CHECK (change IN ('set', 'add', 'percent')),
  amount double precision NOT NULL,
  reason text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  made_by text DEFAULT (nullif(current_setting('almanac.acting', true), '')::jsonb ->> 'name'),
  FOREIGN KEY (run_id, series_id, cutoff_step) REFERENCES forecast (run_id, series_id, cutoff_step) ON DELETE CASCADE
);
CREATE INDEX forecast_override_of_forecast ON forecast_override (run_id, series_id);
CREATE INDEX forecast_override_of_series ON forecast_override (series_id);
COMMENT ON TABLE forecast_override IS 'Changes of stored forecasts, made one after the other in the order of their ids';
COMMENT ON COLUMN forecast_override.amount IS 'The value itself, what is added, or percent';
COMMENT ON COLUMN forecast_override.made_by IS 'Name of the key or person';
SELECT isolate_workspaces('forecast_override');
SELECT audit_changes('forecast_override', 'override', 'reason');
