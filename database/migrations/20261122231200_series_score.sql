-- How good the forecasts of a backtest were, series by series.
CREATE TABLE series_score (
  workspace_id uuid NOT NULL REFERENCES workspace,
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  label text NOT NULL,
  unique_id text COLLATE "C" NOT NULL,
  observations integer NOT NULL,
  wql double precision,
  mase double precision,
  mae double precision,
  coverage80 double precision,
  PRIMARY KEY (run_id, label, unique_id)
);
COMMENT ON COLUMN series_score.label IS 'Of the forecaster in the backtest';
COMMENT ON COLUMN series_score.observations IS 'Steps that were scored, over all windows';
