-- How much wider or narrower the intervals of a model version are to be for a series, as learned from what came true of its forecasts.
CREATE TABLE calibration (
  workspace_id uuid NOT NULL REFERENCES workspace,
  model_version_id uuid NOT NULL REFERENCES model_version ON DELETE CASCADE,
  series_id bigint NOT NULL REFERENCES series ON DELETE CASCADE,
  sha256 text NOT NULL,
  observed_until bigint NOT NULL,
  state json NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model_version_id, series_id, sha256)
);
CREATE INDEX calibration_latest ON calibration (model_version_id, series_id, observed_until DESC);
CREATE INDEX calibration_by_series ON calibration (series_id);
COMMENT ON TABLE calibration IS 'Rows are never changed; a later one takes the place of one before';
COMMENT ON COLUMN calibration.sha256 IS 'Of observed_until and state';
COMMENT ON COLUMN calibration.observed_until IS 'Step up to which every outcome has been learned from, once';
ALTER TABLE forecast ADD COLUMN calibration text, ADD COLUMN model_quantiles double precision[];
ALTER TABLE forecast ALTER COLUMN model_quantiles SET STORAGE EXTERNAL;
COMMENT ON COLUMN forecast.calibration IS 'sha256 of the calibration that the quantiles went through; NULL where they are the model''s own';
COMMENT ON COLUMN forecast.model_quantiles IS 'The model''s own, before the calibration; NULL where there was none';
