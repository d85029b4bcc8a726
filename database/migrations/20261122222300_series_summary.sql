-- What the list of series is sorted by. Derived, and made anew when somebody asks after the dataset or its forecasts changed.
CREATE TABLE series_summary (
  workspace_id uuid NOT NULL REFERENCES workspace,
  dataset_id uuid NOT NULL REFERENCES dataset ON DELETE CASCADE,
  series_id bigint NOT NULL REFERENCES series ON DELETE CASCADE,
  change double precision,
  error double precision,
  PRIMARY KEY (dataset_id, series_id)
);
COMMENT ON COLUMN series_summary.change IS 'Mean of the last season over that of the season before, minus 1';
COMMENT ON COLUMN series_summary.error IS 'Of the latest forecast that steps have been observed after: mean absolute error of the median over the mean size of what came';
CREATE INDEX series_summary_by_series ON series_summary (series_id);

CREATE TABLE dataset_summary (
  workspace_id uuid NOT NULL REFERENCES workspace,
  dataset_id uuid PRIMARY KEY REFERENCES dataset ON DELETE CASCADE,
  version integer NOT NULL,
  forecast_at timestamptz
);
COMMENT ON TABLE dataset_summary IS 'What the rows of series_summary were made from: the version, and when the last forecast run ended';

-- The curve of a training, so that whoever comes later sees all of it.
CREATE TABLE run_point (
  workspace_id uuid NOT NULL REFERENCES workspace,
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  step integer NOT NULL,
  loss double precision,
  validation double precision,
  steps_per_second double precision,
  PRIMARY KEY (run_id, step)
);
