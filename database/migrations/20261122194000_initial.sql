-- The first schema. Applied once, never edited: a change is a new file.

CREATE TABLE workspace (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO workspace (name) VALUES ('default');

CREATE TABLE api_key (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  name text NOT NULL,
  prefix text NOT NULL,
  hash text NOT NULL UNIQUE,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX api_key_by_workspace ON api_key (workspace_id, id);
COMMENT ON COLUMN api_key.hash IS 'sha256 of the key, in hex; the key itself is shown once and never stored';

CREATE TABLE upload (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  file_name text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  object_key text NOT NULL,
  mapping jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX upload_by_sha256 ON upload (workspace_id, sha256);

CREATE TABLE run (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  kind text NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  dataset text,
  model text,
  config jsonb NOT NULL,
  progress jsonb,
  result jsonb,
  error jsonb,
  engine jsonb,
  seed bigint,
  code_version text,
  cancel_requested boolean NOT NULL DEFAULT false,
  worker_id text,
  attempts integer NOT NULL DEFAULT 0,
  heartbeat_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  CHECK ((finished_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'cancelled')))
) WITH (fillfactor = 70);
CREATE INDEX run_newest ON run (workspace_id, id DESC);
CREATE INDEX run_open ON run (status, heartbeat_at) WHERE status IN ('queued', 'running');
COMMENT ON TABLE run IS 'One execution of anything that takes longer than a request; the queue only carries its id';

CREATE FUNCTION refuse_change_of_finished_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'run % is finished and never changes', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER finished_run_is_immutable BEFORE UPDATE ON run
  FOR EACH ROW WHEN (OLD.status IN ('succeeded', 'failed', 'cancelled')) EXECUTE FUNCTION refuse_change_of_finished_run();

CREATE TABLE rejected_row (
  workspace_id uuid NOT NULL REFERENCES workspace,
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  no bigint GENERATED ALWAYS AS IDENTITY,
  line bigint,
  rule text NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (run_id, no)
);

CREATE TABLE dataset (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  name text NOT NULL,
  frequency text NOT NULL,
  time_zone text NOT NULL,
  step_ms bigint,
  aggregation text,
  fill_policy text NOT NULL,
  current_version integer NOT NULL DEFAULT 0,
  series_count integer NOT NULL DEFAULT 0,
  observation_count bigint NOT NULL DEFAULT 0,
  first_step bigint,
  last_step bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workspace_id, name)
);
COMMENT ON COLUMN dataset.step_ms IS 'Width of a step; NULL for calendar grids, whose steps are in grid_step';
COMMENT ON COLUMN dataset.current_version IS '0 until the first version is committed';

CREATE TABLE dataset_channel (
  workspace_id uuid NOT NULL REFERENCES workspace,
  dataset_id uuid NOT NULL REFERENCES dataset ON DELETE CASCADE,
  channel smallint NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('target', 'past', 'future')),
  PRIMARY KEY (dataset_id, channel),
  UNIQUE (dataset_id, name)
);

CREATE TABLE dataset_version (
  workspace_id uuid NOT NULL REFERENCES workspace,
  dataset_id uuid NOT NULL REFERENCES dataset ON DELETE CASCADE,
  no integer NOT NULL,
  upload_id uuid REFERENCES upload,
  run_id uuid REFERENCES run,
  mode text NOT NULL CHECK (mode IN ('append', 'replace')),
  rows_read bigint NOT NULL,
  rows_rejected bigint NOT NULL,
  series_count integer NOT NULL,
  observation_count bigint NOT NULL,
  first_step bigint,
  last_step bigint,
  findings jsonb,
  committed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (dataset_id, no)
);
CREATE INDEX dataset_version_by_upload ON dataset_version (upload_id);

CREATE TABLE series (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  dataset_id uuid NOT NULL REFERENCES dataset ON DELETE CASCADE,
  unique_id text COLLATE "C" NOT NULL,
  first_step bigint NOT NULL DEFAULT 0,
  length integer NOT NULL DEFAULT 0,
  static jsonb NOT NULL DEFAULT '{}',
  UNIQUE (dataset_id, unique_id)
);
COMMENT ON COLUMN series.length IS 'Steps from first to last observation in the current version; 0 where that version has none';

-- Values lie outside the row and uncompressed: closing a chunk then rewrites some 400 bytes, and reading one costs no
-- decompression. 960 values fill four pieces of TOAST, to the last one.
CREATE TABLE series_chunk (
  workspace_id uuid NOT NULL REFERENCES workspace,
  series_id bigint NOT NULL REFERENCES series ON DELETE CASCADE,
  channel smallint NOT NULL,
  chunk_no integer NOT NULL,
  valid_from integer NOT NULL,
  valid_to integer,
  first_step bigint NOT NULL,
  length integer NOT NULL,
  count integer NOT NULL,
  min float8 NOT NULL,
  max float8 NOT NULL,
  lows float8[],
  highs float8[],
  values float8[] NOT NULL,
  PRIMARY KEY (series_id, channel, chunk_no, valid_from)
) WITH (fillfactor = 90);
ALTER TABLE series_chunk ALTER COLUMN values SET STORAGE EXTERNAL;
COMMENT ON TABLE series_chunk IS 'Up to 960 steps of one channel of one series: those of chunk_no = floor(step / 960), from first_step on; NULL is a gap';
COMMENT ON COLUMN series_chunk.length IS 'Steps in values; count of them are not NULL';
COMMENT ON COLUMN series_chunk.valid_to IS 'First dataset version it is no longer valid for; NULL while current';
COMMENT ON COLUMN series_chunk.lows IS 'Minimum of each 60 steps of the chunk, from the block that holds first_step; NULL for short chunks';

CREATE TABLE grid_step (
  workspace_id uuid NOT NULL REFERENCES workspace,
  frequency text NOT NULL,
  time_zone text NOT NULL,
  step bigint NOT NULL,
  starts_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, frequency, time_zone, step)
);
COMMENT ON TABLE grid_step IS 'The calendar of daily and coarser grids, so that no two time-zone databases can disagree';

CREATE TABLE run_dataset_version (
  workspace_id uuid NOT NULL REFERENCES workspace,
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  dataset_id uuid NOT NULL REFERENCES dataset ON DELETE CASCADE,
  version integer NOT NULL,
  PRIMARY KEY (run_id, dataset_id, version),
  FOREIGN KEY (dataset_id, version) REFERENCES dataset_version ON DELETE CASCADE
);
CREATE INDEX run_dataset_version_by_dataset ON run_dataset_version (dataset_id, version);

CREATE TABLE model (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  name text NOT NULL,
  dataset_id uuid NOT NULL REFERENCES dataset ON DELETE CASCADE,
  latest integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workspace_id, name)
);
CREATE INDEX model_by_dataset ON model (dataset_id);

CREATE TABLE model_version (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  model_id uuid NOT NULL REFERENCES model ON DELETE CASCADE,
  no integer NOT NULL,
  run_id uuid NOT NULL REFERENCES run,
  kind text NOT NULL,
  horizon integer NOT NULL,
  config jsonb NOT NULL,
  metrics jsonb NOT NULL,
  manifest_key text NOT NULL,
  weights_key text NOT NULL,
  sha256 text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (model_id, no)
);

CREATE TABLE model_alias (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  model_id uuid NOT NULL,
  alias text NOT NULL CHECK (alias IN ('champion', 'challenger')),
  version integer NOT NULL,
  reason text NOT NULL,
  from_at timestamptz NOT NULL DEFAULT now(),
  to_at timestamptz,
  FOREIGN KEY (model_id, version) REFERENCES model_version (model_id, no) ON DELETE CASCADE
);
CREATE UNIQUE INDEX model_alias_current ON model_alias (model_id, alias) WHERE to_at IS NULL;
CREATE INDEX model_alias_history ON model_alias (model_id, id DESC);
COMMENT ON TABLE model_alias IS 'Which version bore which alias, from when to when; a change closes a row and adds one';

CREATE TABLE forecast (
  workspace_id uuid NOT NULL REFERENCES workspace,
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  series_id bigint NOT NULL REFERENCES series ON DELETE CASCADE,
  model_version_id uuid NOT NULL REFERENCES model_version ON DELETE CASCADE,
  cutoff_step bigint NOT NULL,
  cutoff_time timestamptz NOT NULL,
  horizon integer NOT NULL,
  levels float8[] NOT NULL,
  quantiles float8[] NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, series_id, cutoff_step),
  CHECK (cardinality(quantiles) = cardinality(levels) * horizon)
);
ALTER TABLE forecast ALTER COLUMN quantiles SET STORAGE EXTERNAL;
CREATE INDEX forecast_latest ON forecast (series_id, cutoff_step DESC, made_at DESC);
CREATE INDEX forecast_by_model_version ON forecast (model_version_id);
COMMENT ON COLUMN forecast.quantiles IS 'Level-major: the horizon of the first level, then that of the second, …';

CREATE TABLE attention_map (
  workspace_id uuid NOT NULL REFERENCES workspace,
  run_id uuid NOT NULL,
  series_id bigint NOT NULL,
  cutoff_step bigint NOT NULL,
  horizon integer NOT NULL,
  context_length integer NOT NULL,
  column_steps integer NOT NULL,
  names text[] NOT NULL,
  maps float4[] NOT NULL,
  branches text[] NOT NULL,
  gate float4[] NOT NULL,
  PRIMARY KEY (run_id, series_id, cutoff_step),
  FOREIGN KEY (run_id, series_id, cutoff_step) REFERENCES forecast ON DELETE CASCADE
);
COMMENT ON COLUMN attention_map.maps IS 'The maps one after another in the order of names, each [horizon, columns]';

CREATE TABLE schedule (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  name text NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  action jsonb NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  next_due_at timestamptz,
  last_fired_at timestamptz,
  last_run_id uuid REFERENCES run ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workspace_id, name)
);
CREATE INDEX schedule_due ON schedule (next_due_at) WHERE NOT paused;

CREATE TABLE schedule_firing (
  workspace_id uuid NOT NULL REFERENCES workspace,
  schedule_id uuid NOT NULL REFERENCES schedule ON DELETE CASCADE,
  due_at timestamptz NOT NULL,
  fired_at timestamptz NOT NULL DEFAULT now(),
  outcome text NOT NULL CHECK (outcome IN ('fired', 'skipped')),
  run_id uuid REFERENCES run ON DELETE SET NULL,
  PRIMARY KEY (schedule_id, due_at)
);

CREATE TABLE idempotency_key (
  workspace_id uuid NOT NULL REFERENCES workspace,
  key text NOT NULL,
  request_hash text NOT NULL,
  status integer,
  body jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, key)
);

CREATE TABLE worker (
  id text PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  engine jsonb,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  busy_with text
);

-- The instant at which a step of a dataset starts.
CREATE FUNCTION step_time(of_workspace uuid, of_frequency text, of_time_zone text, of_step_ms bigint, of_step bigint) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN of_step_ms IS NOT NULL THEN timestamptz 'epoch' + (of_step * of_step_ms) * interval '1 millisecond'
    ELSE (SELECT g.starts_at FROM grid_step g
          WHERE g.workspace_id = of_workspace AND g.frequency = of_frequency AND g.time_zone = of_time_zone AND g.step = of_step)
  END
$$;

CREATE VIEW observation AS
  SELECT d.workspace_id, d.name AS dataset, s.unique_id AS series,
    step_time(d.workspace_id, d.frequency, d.time_zone, d.step_ms, c.first_step + v.n - 1) AS ds, v.value
  FROM dataset d
  JOIN series s ON s.dataset_id = d.id
  JOIN series_chunk c ON c.series_id = s.id AND c.channel = 0 AND c.valid_to IS NULL
  CROSS JOIN LATERAL unnest(c.values) WITH ORDINALITY AS v(value, n)
  WHERE v.value IS NOT NULL;
COMMENT ON VIEW observation IS 'Current version of every dataset, a row per observation';

CREATE VIEW forecast_value AS
  SELECT f.workspace_id, d.name AS dataset, s.unique_id, m.name AS model, mv.no AS model_version, f.run_id, f.cutoff_time AS cutoff,
    step_time(d.workspace_id, d.frequency, d.time_zone, d.step_ms, f.cutoff_step + h.n) AS ds, l.level,
    f.quantiles[(l.n - 1) * f.horizon + h.n] AS value
  FROM forecast f
  JOIN series s ON s.id = f.series_id
  JOIN dataset d ON d.id = s.dataset_id
  JOIN model_version mv ON mv.id = f.model_version_id
  JOIN model m ON m.id = mv.model_id
  CROSS JOIN LATERAL generate_series(1, f.horizon) AS h(n)
  CROSS JOIN LATERAL unnest(f.levels) WITH ORDINALITY AS l(level, n);
COMMENT ON VIEW forecast_value IS 'A row per run, series, step ahead and quantile level';
