-- What a prediction was asked and answers, for as long as somebody may fetch it; the run goes with it. Nothing else is kept.
CREATE TABLE prediction (
  run_id uuid PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  workspace_id uuid NOT NULL REFERENCES workspace,
  request jsonb,
  answer jsonb,
  expires_at timestamptz NOT NULL
);
CREATE INDEX prediction_expired ON prediction (expires_at);
COMMENT ON COLUMN prediction.request IS 'NULL once it has been answered';
