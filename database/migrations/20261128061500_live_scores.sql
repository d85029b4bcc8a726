-- How good stored forecasts turned out to be, as actuals arrive: by step ahead here, by series in series_score under the label 'live'.
CREATE TABLE horizon_score (
  workspace_id uuid NOT NULL REFERENCES workspace,
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  step integer NOT NULL,
  observations integer NOT NULL,
  wql double precision,
  mase double precision,
  mae double precision,
  coverage80 double precision,
  PRIMARY KEY (run_id, step)
);
COMMENT ON COLUMN horizon_score.run_id IS 'The forecast';
COMMENT ON COLUMN horizon_score.step IS 'Steps ahead of the cutoff, from 1';

-- Observations that lie far outside what was forecast.
CREATE TABLE anomaly (
  workspace_id uuid NOT NULL REFERENCES workspace,
  series_id bigint NOT NULL REFERENCES series ON DELETE CASCADE,
  step bigint NOT NULL,
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  found_by uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  value double precision NOT NULL,
  median double precision NOT NULL,
  lower double precision NOT NULL,
  upper double precision NOT NULL,
  score double precision NOT NULL,
  found_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (series_id, step)
);
CREATE INDEX anomaly_by_run ON anomaly (run_id);
CREATE INDEX anomaly_found_by ON anomaly (found_by);
COMMENT ON COLUMN anomaly.run_id IS 'The forecast that did not expect it';
COMMENT ON COLUMN anomaly.found_by IS 'The monitor run that saw it first';
COMMENT ON COLUMN anomaly.score IS 'Distance from the median in half widths of the 95 % interval';

-- Words of people about versions. A version itself never changes, so they lie beside it.
CREATE TABLE model_version_tag (
  workspace_id uuid NOT NULL REFERENCES workspace,
  model_version_id uuid NOT NULL REFERENCES model_version ON DELETE CASCADE,
  name text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (model_version_id, name)
);
