-- The schema after every migration. Written by `npm run db:dump`; a test compares it with the migrations.

CREATE TABLE anomaly (
  workspace_id uuid NOT NULL,
  series_id bigint NOT NULL,
  step bigint NOT NULL,
  run_id uuid NOT NULL,
  found_by uuid NOT NULL,
  value double precision NOT NULL,
  median double precision NOT NULL,
  lower double precision NOT NULL,
  upper double precision NOT NULL,
  score double precision NOT NULL,
  found_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT anomaly_pkey PRIMARY KEY (series_id, step),
  CONSTRAINT anomaly_found_by_fkey FOREIGN KEY (found_by) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT anomaly_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT anomaly_series_id_fkey FOREIGN KEY (series_id) REFERENCES series(id) ON DELETE CASCADE,
  CONSTRAINT anomaly_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX anomaly_by_run ON public.anomaly USING btree (run_id);
CREATE INDEX anomaly_found_by ON public.anomaly USING btree (found_by);
ALTER TABLE anomaly ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON anomaly USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN anomaly.run_id IS 'The forecast that did not expect it';
COMMENT ON COLUMN anomaly.found_by IS 'The monitor run that saw it first';
COMMENT ON COLUMN anomaly.score IS 'Distance from the median in half widths of the 95 % interval';

CREATE TABLE api_key (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  prefix text NOT NULL,
  hash text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  expires_at timestamp with time zone,
  CONSTRAINT api_key_hash_key UNIQUE (hash),
  CONSTRAINT api_key_pkey PRIMARY KEY (id),
  CONSTRAINT api_key_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX api_key_by_workspace ON public.api_key USING btree (workspace_id, id);
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON api_key USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.api_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('apiKey', 'name', '{hash}', '{last_used_at}');
COMMENT ON COLUMN api_key.hash IS 'sha256 of the key, in hex; the key itself is shown once and never stored';

CREATE TABLE attention_map (
  workspace_id uuid NOT NULL,
  run_id uuid NOT NULL,
  series_id bigint NOT NULL,
  cutoff_step bigint NOT NULL,
  horizon integer NOT NULL,
  context_length integer NOT NULL,
  column_steps integer NOT NULL,
  names text[] NOT NULL,
  maps real[] NOT NULL,
  branches text[] NOT NULL,
  gate real[] NOT NULL,
  CONSTRAINT attention_map_pkey PRIMARY KEY (run_id, series_id, cutoff_step),
  CONSTRAINT attention_map_run_id_series_id_cutoff_step_fkey FOREIGN KEY (run_id, series_id, cutoff_step) REFERENCES forecast(run_id, series_id, cutoff_step) ON DELETE CASCADE,
  CONSTRAINT attention_map_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE attention_map ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON attention_map USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN attention_map.maps IS 'The maps one after another in the order of names, each [horizon, columns]';

CREATE TABLE audit_chain (
  workspace_id uuid NOT NULL,
  no bigint NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT audit_chain_pkey PRIMARY KEY (workspace_id),
  CONSTRAINT audit_chain_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
ALTER TABLE audit_chain ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON audit_chain USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));

COMMENT ON TABLE audit_chain IS 'The last entry of each audit log';

CREATE TABLE audit_entry (
  workspace_id uuid NOT NULL,
  no bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  actor_kind text NOT NULL,
  actor_id text,
  actor_name text,
  action text NOT NULL,
  object_kind text NOT NULL,
  object_id text,
  object_name text,
  before jsonb,
  after jsonb,
  address text,
  request_id text,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT audit_entry_pkey PRIMARY KEY (workspace_id, no),
  CONSTRAINT audit_entry_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX audit_entry_by_action ON public.audit_entry USING btree (workspace_id, action, no DESC);
CREATE INDEX audit_entry_by_actor ON public.audit_entry USING btree (workspace_id, actor_id, no DESC);
CREATE INDEX audit_entry_by_object ON public.audit_entry USING btree (workspace_id, object_name, no DESC);
CREATE INDEX audit_entry_by_time ON public.audit_entry USING btree (workspace_id, at);
ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON audit_entry USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE TRIGGER only_added_to BEFORE DELETE OR UPDATE ON public.audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER only_added_to_as_a_whole BEFORE TRUNCATE ON public.audit_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
COMMENT ON COLUMN audit_entry.no IS 'Counts from 1 without a gap in each workspace';
COMMENT ON COLUMN audit_entry.actor_kind IS 'key, user, run, schedule, operator (at the machine), system, or database (somebody with SQL)';
COMMENT ON COLUMN audit_entry.action IS 'Name of the endpoint, of the command or of the kind of run';
COMMENT ON COLUMN audit_entry.before IS 'Null where it was made; of a change only what changed';
COMMENT ON COLUMN audit_entry.hash IS 'See audit_digest()';

COMMENT ON TABLE audit_entry IS 'Who did what to what; never changed, and gone only with its workspace';

CREATE TABLE calibration (
  workspace_id uuid NOT NULL,
  model_version_id uuid NOT NULL,
  series_id bigint NOT NULL,
  sha256 text NOT NULL,
  observed_until bigint NOT NULL,
  state json NOT NULL,
  made_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT calibration_pkey PRIMARY KEY (model_version_id, series_id, sha256),
  CONSTRAINT calibration_model_version_id_fkey FOREIGN KEY (model_version_id) REFERENCES model_version(id) ON DELETE CASCADE,
  CONSTRAINT calibration_series_id_fkey FOREIGN KEY (series_id) REFERENCES series(id) ON DELETE CASCADE,
  CONSTRAINT calibration_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX calibration_by_series ON public.calibration USING btree (series_id);
CREATE INDEX calibration_latest ON public.calibration USING btree (model_version_id, series_id, observed_until DESC);
ALTER TABLE calibration ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON calibration USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN calibration.sha256 IS 'Of observed_until and state';
COMMENT ON COLUMN calibration.observed_until IS 'Step up to which every outcome has been learned from, once';

COMMENT ON TABLE calibration IS 'Rows are never changed; a later one takes the place of one before';

CREATE TABLE contribution (
  workspace_id uuid NOT NULL,
  run_id uuid NOT NULL,
  series_id bigint NOT NULL,
  cutoff_step bigint NOT NULL,
  horizon integer NOT NULL,
  kinds text[] NOT NULL,
  names text[] NOT NULL,
  parts double precision[] NOT NULL,
  CONSTRAINT contribution_pkey PRIMARY KEY (run_id, series_id, cutoff_step),
  CONSTRAINT contribution_run_id_series_id_cutoff_step_fkey FOREIGN KEY (run_id, series_id, cutoff_step) REFERENCES forecast(run_id, series_id, cutoff_step) ON DELETE CASCADE,
  CONSTRAINT contribution_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE contribution ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON contribution USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN contribution.parts IS 'The parts one after another in the order of names, each over the horizon; they add up to the median';

CREATE TABLE dataset (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
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
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  keep_days integer,
  step_origin_ms bigint NOT NULL DEFAULT 0,
  season_lengths integer[],
  CONSTRAINT dataset_workspace_id_name_key UNIQUE (workspace_id, name),
  CONSTRAINT dataset_pkey PRIMARY KEY (id),
  CONSTRAINT dataset_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT dataset_keep_days_check CHECK ((keep_days > 0))
);
ALTER TABLE dataset ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON dataset USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.dataset DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('dataset', 'name', '{}', '{current_version,series_count,observation_count,first_step,last_step,updated_at}');
COMMENT ON COLUMN dataset.step_ms IS 'Width of a step; NULL for grids whose steps are in grid_step: calendars, and hours with closed days';
COMMENT ON COLUMN dataset.current_version IS '0 until the first version is committed';
COMMENT ON COLUMN dataset.keep_days IS 'Observations older than so many days are given up; NULL keeps all';
COMMENT ON COLUMN dataset.step_origin_ms IS 'First instant of step 0 of a grid of widths, in milliseconds since 1970';
COMMENT ON COLUMN dataset.season_lengths IS 'Steps per season, shortest first, as they were declared; NULL: those of the frequency';

CREATE TABLE dataset_channel (
  workspace_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  channel smallint NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  CONSTRAINT dataset_channel_dataset_id_name_key UNIQUE (dataset_id, name),
  CONSTRAINT dataset_channel_pkey PRIMARY KEY (dataset_id, channel),
  CONSTRAINT dataset_channel_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset(id) ON DELETE CASCADE,
  CONSTRAINT dataset_channel_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT dataset_channel_kind_check CHECK ((kind = ANY (ARRAY['target'::text, 'past'::text, 'future'::text])))
);
ALTER TABLE dataset_channel ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON dataset_channel USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));

CREATE TABLE dataset_summary (
  workspace_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  version integer NOT NULL,
  forecast_at timestamp with time zone,
  CONSTRAINT dataset_summary_pkey PRIMARY KEY (dataset_id),
  CONSTRAINT dataset_summary_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset(id) ON DELETE CASCADE,
  CONSTRAINT dataset_summary_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE dataset_summary ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON dataset_summary USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));

COMMENT ON TABLE dataset_summary IS 'What the rows of series_summary were made from: the version, and when the last forecast run ended';

CREATE TABLE dataset_version (
  workspace_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  no integer NOT NULL,
  upload_id uuid,
  run_id uuid,
  mode text NOT NULL,
  rows_read bigint NOT NULL,
  rows_rejected bigint NOT NULL,
  series_count integer NOT NULL,
  observation_count bigint NOT NULL,
  first_step bigint,
  last_step bigint,
  findings jsonb,
  committed_at timestamp with time zone NOT NULL DEFAULT now(),
  dropped_at timestamp with time zone,
  partial_steps jsonb,
  CONSTRAINT dataset_version_pkey PRIMARY KEY (dataset_id, no),
  CONSTRAINT dataset_version_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset(id) ON DELETE CASCADE,
  CONSTRAINT dataset_version_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id),
  CONSTRAINT dataset_version_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES upload(id),
  CONSTRAINT dataset_version_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT dataset_version_mode_check CHECK ((mode = ANY (ARRAY['append'::text, 'replace'::text, 'delete'::text])))
);
CREATE INDEX dataset_version_by_upload ON public.dataset_version USING btree (upload_id);
CREATE INDEX dataset_version_of_run ON public.dataset_version USING btree (run_id);
ALTER TABLE dataset_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON dataset_version USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT ON public.dataset_version DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_version();
COMMENT ON COLUMN dataset_version.dropped_at IS 'Since when it can no longer be read: compaction dropped chunks that only it held';
COMMENT ON COLUMN dataset_version.partial_steps IS 'By unique_id, the steps that events cover in part; NULL: none are known';

CREATE TABLE erasure (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  rows jsonb NOT NULL,
  objects jsonb NOT NULL,
  requested_at timestamp with time zone NOT NULL DEFAULT now(),
  completed_at timestamp with time zone,
  CONSTRAINT erasure_pkey PRIMARY KEY (id),
  CONSTRAINT erasure_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  CONSTRAINT erasure_kind_check CHECK ((kind = ANY (ARRAY['dataset'::text, 'series'::text, 'workspace'::text])))
);
CREATE INDEX erasure_newest ON public.erasure USING btree (workspace_id, id DESC);
CREATE INDEX erasure_open ON public.erasure USING btree (requested_at) WHERE (completed_at IS NULL);
ALTER TABLE erasure ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON erasure USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT ON public.erasure DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_erasure();
COMMENT ON COLUMN erasure.rows IS 'Rows that went at once, by what they were';
COMMENT ON COLUMN erasure.objects IS 'Files in object storage: sha256, what, and deleted, kept (others have the same content) or null while it is to be done';

COMMENT ON TABLE erasure IS 'Certificates: what went, when it was asked for and when the last of it was gone';

CREATE TABLE forecast (
  workspace_id uuid NOT NULL,
  run_id uuid NOT NULL,
  series_id bigint NOT NULL,
  model_version_id uuid NOT NULL,
  cutoff_step bigint NOT NULL,
  cutoff_time timestamp with time zone NOT NULL,
  horizon integer NOT NULL,
  levels double precision[] NOT NULL,
  quantiles double precision[] NOT NULL,
  made_at timestamp with time zone NOT NULL DEFAULT now(),
  calibration text,
  model_quantiles double precision[],
  notes json,
  CONSTRAINT forecast_pkey PRIMARY KEY (run_id, series_id, cutoff_step),
  CONSTRAINT forecast_model_version_id_fkey FOREIGN KEY (model_version_id) REFERENCES model_version(id) ON DELETE CASCADE,
  CONSTRAINT forecast_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT forecast_series_id_fkey FOREIGN KEY (series_id) REFERENCES series(id) ON DELETE CASCADE,
  CONSTRAINT forecast_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT forecast_check CHECK ((cardinality(quantiles) = (cardinality(levels) * horizon)))
);
ALTER TABLE forecast ALTER COLUMN quantiles SET STORAGE EXTERNAL;
ALTER TABLE forecast ALTER COLUMN model_quantiles SET STORAGE EXTERNAL;
CREATE INDEX forecast_by_model_version ON public.forecast USING btree (model_version_id);
CREATE INDEX forecast_latest ON public.forecast USING btree (series_id, cutoff_step DESC, made_at DESC);
ALTER TABLE forecast ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON forecast USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN forecast.quantiles IS 'Level-major: the horizon of the first level, then that of the second, …';
COMMENT ON COLUMN forecast.calibration IS 'sha256 of the calibration that the quantiles went through; NULL where they are the model''s own';
COMMENT ON COLUMN forecast.model_quantiles IS 'The model''s own, before the calibration; NULL where there was none';
COMMENT ON COLUMN forecast.notes IS 'List of code and detail; NULL where there is nothing to say';

CREATE TABLE forecast_override (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  run_id uuid NOT NULL,
  series_id bigint NOT NULL,
  cutoff_step bigint NOT NULL,
  from_step bigint NOT NULL,
  to_step bigint NOT NULL,
  change text NOT NULL,
  amount double precision NOT NULL,
  reason text NOT NULL,
  made_at timestamp with time zone NOT NULL DEFAULT now(),
  made_by text DEFAULT ((NULLIF(current_setting('almanac.acting'::text, true), ''::text))::jsonb ->> 'name'::text),
  CONSTRAINT forecast_override_pkey PRIMARY KEY (id),
  CONSTRAINT forecast_override_run_id_series_id_cutoff_step_fkey FOREIGN KEY (run_id, series_id, cutoff_step) REFERENCES forecast(run_id, series_id, cutoff_step) ON DELETE CASCADE,
  CONSTRAINT forecast_override_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT forecast_override_change_check CHECK ((change = ANY (ARRAY['set'::text, 'add'::text, 'percent'::text]))),
  CONSTRAINT forecast_override_check CHECK ((to_step >= from_step))
);
CREATE INDEX forecast_override_of_forecast ON public.forecast_override USING btree (run_id, series_id);
CREATE INDEX forecast_override_of_series ON public.forecast_override USING btree (series_id);
ALTER TABLE forecast_override ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON forecast_override USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.forecast_override DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('override', 'reason', '{}', '{}');
COMMENT ON COLUMN forecast_override.amount IS 'The value itself, what is added, or percent';
COMMENT ON COLUMN forecast_override.made_by IS 'Name of the key or person';

COMMENT ON TABLE forecast_override IS 'Changes of stored forecasts, made one after the other in the order of their ids';

CREATE TABLE grid_step (
  workspace_id uuid NOT NULL,
  frequency text NOT NULL,
  time_zone text NOT NULL,
  step bigint NOT NULL,
  starts_at timestamp with time zone NOT NULL,
  CONSTRAINT grid_step_pkey PRIMARY KEY (workspace_id, frequency, time_zone, step),
  CONSTRAINT grid_step_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE grid_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON grid_step USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));

COMMENT ON TABLE grid_step IS 'When the steps of grids without one width start, by grid_key(frequency), so that no two time-zone databases can disagree';

CREATE TABLE horizon_score (
  workspace_id uuid NOT NULL,
  run_id uuid NOT NULL,
  step integer NOT NULL,
  observations integer NOT NULL,
  wql double precision,
  mase double precision,
  mae double precision,
  coverage80 double precision,
  CONSTRAINT horizon_score_pkey PRIMARY KEY (run_id, step),
  CONSTRAINT horizon_score_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT horizon_score_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE horizon_score ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON horizon_score USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN horizon_score.run_id IS 'The forecast';
COMMENT ON COLUMN horizon_score.step IS 'Steps ahead of the cutoff, from 1';

CREATE TABLE idempotency_key (
  workspace_id uuid NOT NULL,
  key text NOT NULL,
  request_hash text NOT NULL,
  status integer,
  body jsonb,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  holder uuid,
  run_id uuid,
  CONSTRAINT idempotency_key_pkey PRIMARY KEY (workspace_id, key),
  CONSTRAINT idempotency_key_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE idempotency_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON idempotency_key USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));

CREATE TABLE invitation (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  email text NOT NULL,
  role text NOT NULL,
  token_hash text NOT NULL,
  invited_by text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  accepted_at timestamp with time zone,
  CONSTRAINT invitation_token_hash_key UNIQUE (token_hash),
  CONSTRAINT invitation_pkey PRIMARY KEY (id),
  CONSTRAINT invitation_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  CONSTRAINT invitation_email_check CHECK ((email = lower(email))),
  CONSTRAINT invitation_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'editor'::text, 'admin'::text])))
);
CREATE INDEX invitation_by_email ON public.invitation USING btree (email) WHERE (accepted_at IS NULL);
CREATE INDEX invitation_by_workspace ON public.invitation USING btree (workspace_id, id);
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON invitation USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.invitation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('invitation', 'email', '{token_hash}', '{}');
COMMENT ON COLUMN invitation.token_hash IS 'sha256 of the token, in hex; the link with it is shown once';
COMMENT ON COLUMN invitation.invited_by IS 'Name of the user or key, as it was then';

CREATE UNLOGGED TABLE lease (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  kind text NOT NULL,
  holder text NOT NULL,
  until timestamp with time zone NOT NULL,
  CONSTRAINT lease_pkey PRIMARY KEY (id)
);
CREATE INDEX lease_of_workspace ON public.lease USING btree (workspace_id, kind);
ALTER TABLE lease ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON lease USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN lease.holder IS 'Id of the key or person';

COMMENT ON TABLE lease IS 'What is under way at the API and counted: uploads, streams; whoever holds one says so every few seconds';

CREATE TABLE member (
  workspace_id uuid NOT NULL,
  user_id uuid NOT NULL,
  role text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT member_pkey PRIMARY KEY (workspace_id, user_id),
  CONSTRAINT member_user_id_fkey FOREIGN KEY (user_id) REFERENCES user_account(id) ON DELETE CASCADE,
  CONSTRAINT member_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  CONSTRAINT member_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'editor'::text, 'admin'::text])))
);
CREATE INDEX member_by_user ON public.member USING btree (user_id);
ALTER TABLE member ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON member USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.member FOR EACH ROW EXECUTE FUNCTION audit_member();

CREATE TABLE migration (
  name text NOT NULL,
  sha256 text NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT migration_pkey PRIMARY KEY (name)
);

CREATE TABLE model (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  dataset_id uuid NOT NULL,
  latest integer NOT NULL DEFAULT 0,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT model_workspace_id_name_key UNIQUE (workspace_id, name),
  CONSTRAINT model_pkey PRIMARY KEY (id),
  CONSTRAINT model_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset(id) ON DELETE CASCADE,
  CONSTRAINT model_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX model_by_dataset ON public.model USING btree (dataset_id);
ALTER TABLE model ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON model USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.model DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('model', 'name', '{}', '{latest}');

CREATE TABLE model_alias (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  model_id uuid NOT NULL,
  alias text NOT NULL,
  version integer NOT NULL,
  reason text NOT NULL,
  from_at timestamp with time zone NOT NULL DEFAULT now(),
  to_at timestamp with time zone,
  rollback boolean NOT NULL DEFAULT false,
  CONSTRAINT model_alias_pkey PRIMARY KEY (id),
  CONSTRAINT model_alias_model_id_fkey FOREIGN KEY (model_id) REFERENCES model(id) ON DELETE CASCADE,
  CONSTRAINT model_alias_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT model_alias_alias_check CHECK ((alias = ANY (ARRAY['champion'::text, 'challenger'::text])))
);
CREATE INDEX model_alias_history ON public.model_alias USING btree (model_id, id DESC);
CREATE UNIQUE INDEX model_alias_current ON public.model_alias USING btree (model_id, alias) WHERE (to_at IS NULL);
ALTER TABLE model_alias ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON model_alias USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT ON public.model_alias DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_alias();
CREATE TRIGGER moved_alias_is_told AFTER INSERT ON public.model_alias FOR EACH ROW EXECUTE FUNCTION tell_of_moved_alias();
COMMENT ON COLUMN model_alias.rollback IS 'Monitoring gave the alias back, because the version that bore it was worse than seasonal naive';

COMMENT ON TABLE model_alias IS 'Which version bore which alias, from when to when; a change closes a row and adds one';

CREATE TABLE model_version (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  model_id uuid NOT NULL,
  no integer NOT NULL,
  run_id uuid NOT NULL,
  kind text NOT NULL,
  horizon integer NOT NULL,
  config jsonb NOT NULL,
  metrics jsonb NOT NULL,
  manifest_key text NOT NULL,
  weights_key text NOT NULL,
  sha256 text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT model_version_model_id_no_key UNIQUE (model_id, no),
  CONSTRAINT model_version_pkey PRIMARY KEY (id),
  CONSTRAINT model_version_model_id_fkey FOREIGN KEY (model_id) REFERENCES model(id) ON DELETE CASCADE,
  CONSTRAINT model_version_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id),
  CONSTRAINT model_version_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX model_version_by_manifest ON public.model_version USING btree (manifest_key);
CREATE INDEX model_version_by_weights ON public.model_version USING btree (weights_key);
CREATE INDEX model_version_of_run ON public.model_version USING btree (run_id);
ALTER TABLE model_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON model_version USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE ON public.model_version DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_model_version();

CREATE TABLE model_version_tag (
  workspace_id uuid NOT NULL,
  model_version_id uuid NOT NULL,
  name text NOT NULL,
  value text NOT NULL,
  CONSTRAINT model_version_tag_pkey PRIMARY KEY (model_version_id, name),
  CONSTRAINT model_version_tag_model_version_id_fkey FOREIGN KEY (model_version_id) REFERENCES model_version(id) ON DELETE CASCADE,
  CONSTRAINT model_version_tag_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE model_version_tag ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON model_version_tag USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.model_version_tag DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_tag();

CREATE TABLE prediction (
  run_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  request json,
  answer json,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT prediction_pkey PRIMARY KEY (run_id),
  CONSTRAINT prediction_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT prediction_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX prediction_expired ON public.prediction USING btree (expires_at);
ALTER TABLE prediction ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON prediction USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN prediction.request IS 'NULL once it has been answered';

CREATE TABLE quota (
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  most bigint,
  CONSTRAINT quota_pkey PRIMARY KEY (workspace_id, name),
  CONSTRAINT quota_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  CONSTRAINT quota_most_check CHECK ((most >= 0))
);
ALTER TABLE quota ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON quota USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.quota DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('quota', 'name', '{}', '{}');
COMMENT ON COLUMN quota.most IS 'Null: no limit';

COMMENT ON TABLE quota IS 'Limits that the operator set for a workspace; the others are those of the program';

CREATE UNLOGGED TABLE rate_bucket (
  key character varying(255) NOT NULL,
  points integer NOT NULL DEFAULT 0,
  expire bigint,
  workspace_id uuid,
  CONSTRAINT rate_bucket_pkey PRIMARY KEY (key)
) WITH (fillfactor=50);
ALTER TABLE rate_bucket ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON rate_bucket USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN rate_bucket.workspace_id IS 'Always null: no workspace sees them';

COMMENT ON TABLE rate_bucket IS 'Requests of the present minute, by caller, workspace or address';

CREATE TABLE rejected_row (
  workspace_id uuid NOT NULL,
  run_id uuid NOT NULL,
  no bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  line bigint,
  rule text NOT NULL,
  text text NOT NULL,
  CONSTRAINT rejected_row_pkey PRIMARY KEY (run_id, no),
  CONSTRAINT rejected_row_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT rejected_row_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE rejected_row ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON rejected_row USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));

CREATE TABLE retention (
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  days integer NOT NULL,
  CONSTRAINT retention_pkey PRIMARY KEY (workspace_id, name),
  CONSTRAINT retention_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  CONSTRAINT retention_days_check CHECK ((days > 0)),
  CONSTRAINT retention_name_check CHECK ((name = ANY (ARRAY['forecasts'::text, 'runs'::text, 'logs'::text])))
);
ALTER TABLE retention ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON retention USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.retention DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('retention', 'name', '{}', '{}');

COMMENT ON TABLE retention IS 'Days that a workspace keeps finished runs and what belongs to them; without a row: for ever';

CREATE TABLE run (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  kind text NOT NULL,
  status text NOT NULL DEFAULT 'queued'::text,
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
  heartbeat_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  parent_id uuid,
  part_no integer,
  queue text,
  after_id uuid,
  parked_at text,
  CONSTRAINT run_pkey PRIMARY KEY (id),
  CONSTRAINT run_after_id_fkey FOREIGN KEY (after_id) REFERENCES run(id),
  CONSTRAINT run_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT run_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT run_check CHECK (((finished_at IS NOT NULL) = (status = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text])))),
  CONSTRAINT run_check1 CHECK (((parent_id IS NULL) = (part_no IS NULL))),
  CONSTRAINT run_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))
) WITH (fillfactor=70, autovacuum_vacuum_scale_factor=0.05);
CREATE INDEX run_after ON public.run USING btree (after_id) WHERE (after_id IS NOT NULL);
CREATE INDEX run_backtest_by_dataset ON public.run USING btree (workspace_id, dataset) WHERE (kind = 'backtest'::text);
CREATE INDEX run_ingest_by_dataset ON public.run USING btree (workspace_id, dataset) WHERE (kind = 'ingest'::text);
CREATE INDEX run_newest ON public.run USING btree (workspace_id, id DESC) WHERE (parent_id IS NULL);
CREATE INDEX run_of_source ON public.run USING btree ((((config -> 'source'::text) ->> 'id'::text))) WHERE ((kind = 'ingest'::text) AND ((config -> 'source'::text) IS NOT NULL));
CREATE INDEX run_open ON public.run USING btree (status, heartbeat_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE UNIQUE INDEX run_part ON public.run USING btree (parent_id, part_no) WHERE (parent_id IS NOT NULL);
ALTER TABLE run ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON run USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER asked_for AFTER INSERT ON public.run DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((new.parent_id IS NULL) AND (new.kind <> 'predict'::text))) EXECUTE FUNCTION audit_run();
CREATE CONSTRAINT TRIGGER stopped AFTER UPDATE OF cancel_requested ON public.run DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.cancel_requested AND (NOT old.cancel_requested) AND (new.parent_id IS NULL) AND (new.kind <> 'predict'::text))) EXECUTE FUNCTION audit_run();
CREATE TRIGGER finished_run_is_immutable BEFORE UPDATE ON public.run FOR EACH ROW WHEN ((old.status = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text]))) EXECUTE FUNCTION refuse_change_of_finished_run();
CREATE TRIGGER finished_run_is_told AFTER UPDATE ON public.run FOR EACH ROW WHEN (((new.finished_at IS NOT NULL) AND (old.finished_at IS NULL) AND (new.parent_id IS NULL) AND (new.kind <> 'predict'::text))) EXECUTE FUNCTION tell_of_finished_run();
COMMENT ON COLUMN run.parent_id IS 'The run that this one is a part of; parts are not listed among runs';
COMMENT ON COLUMN run.queue IS 'Job that carries it; NULL: that of its kind';
COMMENT ON COLUMN run.after_id IS 'It starts only once that run has ended, whichever way';
COMMENT ON COLUMN run.parked_at IS 'How far it was when its job was last parked';

COMMENT ON TABLE run IS 'One execution of anything that takes longer than a request; the queue only carries its id';

CREATE TABLE run_dataset_version (
  workspace_id uuid NOT NULL,
  run_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  version integer NOT NULL,
  CONSTRAINT run_dataset_version_pkey PRIMARY KEY (run_id, dataset_id, version),
  CONSTRAINT run_dataset_version_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset(id) ON DELETE CASCADE,
  CONSTRAINT run_dataset_version_dataset_id_version_fkey FOREIGN KEY (dataset_id, version) REFERENCES dataset_version(dataset_id, no) ON DELETE CASCADE,
  CONSTRAINT run_dataset_version_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT run_dataset_version_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX run_dataset_version_by_dataset ON public.run_dataset_version USING btree (dataset_id, version);
ALTER TABLE run_dataset_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON run_dataset_version USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));

CREATE TABLE run_point (
  workspace_id uuid NOT NULL,
  run_id uuid NOT NULL,
  step integer NOT NULL,
  loss double precision,
  validation double precision,
  steps_per_second double precision,
  CONSTRAINT run_point_pkey PRIMARY KEY (run_id, step),
  CONSTRAINT run_point_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT run_point_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE run_point ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON run_point USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));

CREATE TABLE schedule (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  action jsonb NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  next_due_at timestamp with time zone,
  last_fired_at timestamp with time zone,
  last_run_id uuid,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  overlap text NOT NULL DEFAULT 'queue'::text,
  catch_up text NOT NULL DEFAULT 'latest'::text,
  catch_up_limit integer NOT NULL DEFAULT 24,
  CONSTRAINT schedule_workspace_id_name_key UNIQUE (workspace_id, name),
  CONSTRAINT schedule_pkey PRIMARY KEY (id),
  CONSTRAINT schedule_last_run_id_fkey FOREIGN KEY (last_run_id) REFERENCES run(id) ON DELETE SET NULL,
  CONSTRAINT schedule_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT schedule_catch_up_check CHECK ((catch_up = ANY (ARRAY['none'::text, 'latest'::text, 'all'::text]))),
  CONSTRAINT schedule_overlap_check CHECK ((overlap = ANY (ARRAY['skip'::text, 'queue'::text, 'cancel'::text])))
);
CREATE INDEX schedule_due ON public.schedule USING btree (next_due_at) WHERE (NOT paused);
ALTER TABLE schedule ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON schedule USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.schedule DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('schedule', 'name', '{}', '{next_due_at,last_fired_at,last_run_id}');

CREATE TABLE schedule_firing (
  workspace_id uuid NOT NULL,
  schedule_id uuid NOT NULL,
  due_at timestamp with time zone NOT NULL,
  fired_at timestamp with time zone NOT NULL DEFAULT now(),
  outcome text NOT NULL,
  run_id uuid,
  reason text,
  first_due_at timestamp with time zone,
  due_times integer NOT NULL DEFAULT 1,
  CONSTRAINT schedule_firing_pkey PRIMARY KEY (schedule_id, due_at),
  CONSTRAINT schedule_firing_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id) ON DELETE SET NULL,
  CONSTRAINT schedule_firing_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES schedule(id) ON DELETE CASCADE,
  CONSTRAINT schedule_firing_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT schedule_firing_due_times_check CHECK ((due_times >= 1)),
  CONSTRAINT schedule_firing_outcome_check CHECK ((outcome = ANY (ARRAY['fired'::text, 'skipped'::text]))),
  CONSTRAINT schedule_firing_reason_check CHECK ((reason = ANY (ARRAY['downtime'::text, 'overlap'::text])))
);
CREATE INDEX schedule_firing_of_run ON public.schedule_firing USING btree (run_id) WHERE (run_id IS NOT NULL);
ALTER TABLE schedule_firing ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON schedule_firing USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN schedule_firing.first_due_at IS 'Where it stands for several due times, the first of them';

CREATE TABLE series (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  workspace_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  unique_id text COLLATE "C" NOT NULL,
  first_step bigint NOT NULL DEFAULT 0,
  length integer NOT NULL DEFAULT 0,
  static jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT series_dataset_id_unique_id_key UNIQUE (dataset_id, unique_id),
  CONSTRAINT series_pkey PRIMARY KEY (id),
  CONSTRAINT series_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset(id) ON DELETE CASCADE,
  CONSTRAINT series_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE series ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON series USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN series.length IS 'Steps from first to last observation in the current version; 0 where that version has none';

CREATE TABLE series_chunk (
  workspace_id uuid NOT NULL,
  series_id bigint NOT NULL,
  channel smallint NOT NULL,
  chunk_no integer NOT NULL,
  valid_from integer NOT NULL,
  valid_to integer,
  first_step bigint NOT NULL,
  length integer NOT NULL,
  count integer NOT NULL,
  min double precision NOT NULL,
  max double precision NOT NULL,
  lows double precision[],
  highs double precision[],
  values double precision[] NOT NULL,
  CONSTRAINT series_chunk_pkey PRIMARY KEY (series_id, channel, chunk_no, valid_from),
  CONSTRAINT series_chunk_series_id_fkey FOREIGN KEY (series_id) REFERENCES series(id) ON DELETE CASCADE,
  CONSTRAINT series_chunk_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
) WITH (fillfactor=90, autovacuum_vacuum_scale_factor=0.05);
ALTER TABLE series_chunk ALTER COLUMN values SET STORAGE EXTERNAL;
ALTER TABLE series_chunk ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON series_chunk USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN series_chunk.valid_to IS 'First dataset version it is no longer valid for; NULL while current';
COMMENT ON COLUMN series_chunk.length IS 'Steps in values; count of them are not NULL';
COMMENT ON COLUMN series_chunk.lows IS 'Minimum of each 60 steps of the chunk, from the block that holds first_step; NULL for short chunks';

COMMENT ON TABLE series_chunk IS 'Up to 960 steps of one channel of one series: those of chunk_no = floor(step / 960), from first_step on; NULL is a gap';

CREATE TABLE series_score (
  workspace_id uuid NOT NULL,
  run_id uuid NOT NULL,
  label text NOT NULL,
  unique_id text COLLATE "C" NOT NULL,
  observations integer NOT NULL,
  wql double precision,
  mase double precision,
  mae double precision,
  coverage80 double precision,
  why text,
  CONSTRAINT series_score_pkey PRIMARY KEY (run_id, label, unique_id),
  CONSTRAINT series_score_run_id_fkey FOREIGN KEY (run_id) REFERENCES run(id) ON DELETE CASCADE,
  CONSTRAINT series_score_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE series_score ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON series_score USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN series_score.label IS 'Of the forecaster in the backtest';
COMMENT ON COLUMN series_score.observations IS 'Steps that were scored, over all windows';
COMMENT ON COLUMN series_score.why IS 'Of a training whose kind of model chooses by series: what it chose, and why';

CREATE TABLE series_static_history (
  workspace_id uuid NOT NULL,
  series_id bigint NOT NULL,
  valid_to integer NOT NULL,
  static jsonb NOT NULL,
  CONSTRAINT series_static_history_pkey PRIMARY KEY (series_id, valid_to),
  CONSTRAINT series_static_history_series_id_fkey FOREIGN KEY (series_id) REFERENCES series(id) ON DELETE CASCADE,
  CONSTRAINT series_static_history_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE series_static_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON series_static_history USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN series_static_history.valid_to IS 'First dataset version that no longer had these values; the current ones are in series';

CREATE TABLE series_summary (
  workspace_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  series_id bigint NOT NULL,
  change double precision,
  error double precision,
  CONSTRAINT series_summary_pkey PRIMARY KEY (dataset_id, series_id),
  CONSTRAINT series_summary_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset(id) ON DELETE CASCADE,
  CONSTRAINT series_summary_series_id_fkey FOREIGN KEY (series_id) REFERENCES series(id) ON DELETE CASCADE,
  CONSTRAINT series_summary_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX series_summary_by_series ON public.series_summary USING btree (series_id);
ALTER TABLE series_summary ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON series_summary USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN series_summary.change IS 'Mean of the last season over that of the season before, minus 1';
COMMENT ON COLUMN series_summary.error IS 'Of the latest forecast that steps have been observed after: mean absolute error of the median over the mean size of what came';

CREATE TABLE session (
  id uuid NOT NULL,
  token_hash text NOT NULL,
  user_id uuid NOT NULL,
  method text NOT NULL,
  address text NOT NULL,
  agent text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT session_token_hash_key UNIQUE (token_hash),
  CONSTRAINT session_pkey PRIMARY KEY (id),
  CONSTRAINT session_user_id_fkey FOREIGN KEY (user_id) REFERENCES user_account(id) ON DELETE CASCADE,
  CONSTRAINT session_method_check CHECK ((method = ANY (ARRAY['password'::text, 'link'::text, 'oidc'::text, 'invitation'::text])))
);
CREATE INDEX session_by_user ON public.session USING btree (user_id);
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON session USING (( SELECT sees_all_workspaces() AS sees_all_workspaces));
COMMENT ON COLUMN session.token_hash IS 'sha256 of what the cookie holds, in hex';

CREATE TABLE sign_in_attempt (
  about text NOT NULL,
  attempts integer NOT NULL,
  until timestamp with time zone NOT NULL,
  CONSTRAINT sign_in_attempt_pkey PRIMARY KEY (about)
);
ALTER TABLE sign_in_attempt ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON sign_in_attempt USING (( SELECT sees_all_workspaces() AS sees_all_workspaces));

COMMENT ON TABLE sign_in_attempt IS 'Passwords that were tried for an account or from an address, in the window that ends at until';

CREATE TABLE sign_in_link (
  token_hash text NOT NULL,
  user_id uuid NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT sign_in_link_pkey PRIMARY KEY (token_hash),
  CONSTRAINT sign_in_link_user_id_fkey FOREIGN KEY (user_id) REFERENCES user_account(id) ON DELETE CASCADE
);
CREATE INDEX sign_in_link_by_user ON public.sign_in_link USING btree (user_id);
ALTER TABLE sign_in_link ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON sign_in_link USING (( SELECT sees_all_workspaces() AS sees_all_workspaces));

COMMENT ON TABLE sign_in_link IS 'Printed at the machine, taken once';

CREATE TABLE source (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  origin jsonb NOT NULL,
  secret text,
  options jsonb NOT NULL,
  state jsonb NOT NULL DEFAULT '{}'::jsonb,
  revision integer NOT NULL DEFAULT 1,
  turn integer NOT NULL DEFAULT 0,
  last_run_id uuid,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT source_workspace_id_name_key UNIQUE (workspace_id, name),
  CONSTRAINT source_pkey PRIMARY KEY (id),
  CONSTRAINT source_last_run_id_fkey FOREIGN KEY (last_run_id) REFERENCES run(id) ON DELETE SET NULL,
  CONSTRAINT source_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX source_by_dataset ON public.source USING btree (workspace_id, ((options ->> 'dataset'::text)));
CREATE INDEX source_last_run ON public.source USING btree (last_run_id);
ALTER TABLE source ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON source USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.source DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('source', 'name', '{secret}', '{state,revision,turn,last_run_id}');
COMMENT ON COLUMN source.secret IS 'Sealed';
COMMENT ON COLUMN source.state IS 'How far it has been read and stored';
COMMENT ON COLUMN source.revision IS 'Grows when it reads something else: how far the one before was read says nothing of it';
COMMENT ON COLUMN source.turn IS 'Grows with every upload that is made of it: of two who read at a time, one stores';

COMMENT ON TABLE source IS 'Where datasets get their rows from; schedules say when';

CREATE TABLE source_object (
  workspace_id uuid NOT NULL,
  source_id uuid NOT NULL,
  key text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT source_object_pkey PRIMARY KEY (source_id, key),
  CONSTRAINT source_object_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT source_object_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
ALTER TABLE source_object ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON source_object USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));

COMMENT ON TABLE source_object IS 'Objects of a bucket whose rows are stored';

CREATE TABLE sql_user (
  role name NOT NULL,
  workspace_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT sql_user_pkey PRIMARY KEY (role),
  CONSTRAINT sql_user_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
ALTER TABLE sql_user ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON sql_user USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.sql_user DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('sqlUser', 'role', '{}', '{}');

COMMENT ON TABLE sql_user IS 'People and tools that read the views by SQL: each sees one workspace, whatever it sets';

CREATE TABLE upload (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  file_name text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  object_key text NOT NULL,
  mapping jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  content bytea,
  CONSTRAINT upload_pkey PRIMARY KEY (id),
  CONSTRAINT upload_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX upload_by_dataset ON public.upload USING btree (workspace_id, ((mapping ->> 'dataset'::text)));
CREATE INDEX upload_by_object ON public.upload USING btree (object_key);
CREATE INDEX upload_by_sha256 ON public.upload USING btree (workspace_id, sha256);
CREATE INDEX upload_unpacked ON public.upload USING btree (workspace_id, ((mapping ->> 'dataset'::text))) WHERE (content IS NOT NULL);
ALTER TABLE upload ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON upload USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN upload.content IS 'What was appended, until it lies in the file that object_key names: a line of it each, found by its sha256';

CREATE TABLE user_account (
  id uuid NOT NULL,
  email text NOT NULL,
  name text NOT NULL,
  password_hash text,
  is_owner boolean NOT NULL DEFAULT false,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  signed_in_at timestamp with time zone,
  CONSTRAINT user_account_email_key UNIQUE (email),
  CONSTRAINT user_account_pkey PRIMARY KEY (id),
  CONSTRAINT user_account_email_check CHECK ((email = lower(email)))
);
CREATE UNIQUE INDEX user_account_owner ON public.user_account USING btree (is_owner) WHERE is_owner;
ALTER TABLE user_account ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON user_account USING (( SELECT sees_all_workspaces() AS sees_all_workspaces));
COMMENT ON COLUMN user_account.password_hash IS 'argon2id in PHC form; null: comes in by OIDC or by a link at the machine';
COMMENT ON COLUMN user_account.is_owner IS 'The one that a start at the machine signs in';

CREATE TABLE user_identity (
  issuer text NOT NULL,
  subject text NOT NULL,
  user_id uuid NOT NULL,
  CONSTRAINT user_identity_pkey PRIMARY KEY (issuer, subject),
  CONSTRAINT user_identity_user_id_fkey FOREIGN KEY (user_id) REFERENCES user_account(id) ON DELETE CASCADE
);
CREATE INDEX user_identity_by_user ON public.user_identity USING btree (user_id);
ALTER TABLE user_identity ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON user_identity USING (( SELECT sees_all_workspaces() AS sees_all_workspaces));

COMMENT ON TABLE user_identity IS 'Who somebody is to an OpenID provider; an e-mail address may change there, the subject does not';

CREATE TABLE webhook (
  id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  url text NOT NULL,
  events text[] NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  secret text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  previous_secret text,
  previous_secret_until timestamp with time zone,
  CONSTRAINT webhook_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX webhook_by_workspace ON public.webhook USING btree (workspace_id, id);
ALTER TABLE webhook ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON webhook USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.webhook DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_row('webhook', 'url', '{secret,previous_secret}', '{}');
COMMENT ON COLUMN webhook.secret IS 'Key of the signature, sealed; shown once, kept because signing needs it';
COMMENT ON COLUMN webhook.previous_secret IS 'Signs too until previous_secret_until';

CREATE TABLE webhook_delivery (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  workspace_id uuid NOT NULL,
  no bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  webhook_id uuid NOT NULL,
  message_id uuid NOT NULL,
  event text NOT NULL,
  payload jsonb NOT NULL,
  status text NOT NULL DEFAULT 'pending'::text,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamp with time zone NOT NULL DEFAULT now(),
  response_status integer,
  error text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  attempted_at timestamp with time zone,
  CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_delivery_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhook(id) ON DELETE CASCADE,
  CONSTRAINT webhook_delivery_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id),
  CONSTRAINT webhook_delivery_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
) WITH (fillfactor=80);
CREATE INDEX webhook_delivery_due ON public.webhook_delivery USING btree (next_attempt_at) WHERE (status = 'pending'::text);
CREATE INDEX webhook_delivery_newest ON public.webhook_delivery USING btree (webhook_id, no DESC);
ALTER TABLE webhook_delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON webhook_delivery USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN webhook_delivery.message_id IS 'The receiver''s webhook-id: the same for every webhook, attempt and replay of one message';
COMMENT ON COLUMN webhook_delivery.next_attempt_at IS 'Not before; while a worker is at it, when it is taken for lost';

CREATE TABLE worker (
  id text NOT NULL,
  workspace_id uuid NOT NULL,
  engine jsonb,
  started_at timestamp with time zone NOT NULL DEFAULT now(),
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  busy_with text[] NOT NULL DEFAULT '{}'::text[],
  resources jsonb,
  clock_skew_ms double precision,
  CONSTRAINT worker_pkey PRIMARY KEY (id),
  CONSTRAINT worker_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
ALTER TABLE worker ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON worker USING (((workspace_id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
COMMENT ON COLUMN worker.resources IS 'Threads, memory and devices that it offers';
COMMENT ON COLUMN worker.clock_skew_ms IS 'How far the clock of its machine is ahead of the database''s; negative where it is behind';

CREATE TABLE workspace (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  name text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT workspace_name_key UNIQUE (name),
  CONSTRAINT workspace_pkey PRIMARY KEY (id)
);
ALTER TABLE workspace ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace ON workspace USING (((id = ( SELECT seen_workspace() AS seen_workspace)) OR ( SELECT sees_all_workspaces() AS sees_all_workspaces)));
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON public.workspace DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_workspace();

CREATE VIEW forecast_value WITH (security_invoker=true) AS
SELECT f.workspace_id,
    d.name AS dataset,
    s.unique_id,
    m.name AS model,
    mv.no AS model_version,
    f.run_id,
    f.cutoff_time AS cutoff,
    step_time(d.workspace_id, d.frequency, d.time_zone, d.step_ms, d.step_origin_ms, f.cutoff_step + h.n) AS ds,
    l.level,
    f.quantiles[((l.n - 1) * f.horizon + h.n)] AS value
   FROM forecast f
     JOIN series s ON s.id = f.series_id
     JOIN dataset d ON d.id = s.dataset_id
     JOIN model_version mv ON mv.id = f.model_version_id
     JOIN model m ON m.id = mv.model_id
     CROSS JOIN LATERAL generate_series(1, f.horizon) h(n)
     CROSS JOIN LATERAL unnest(f.levels) WITH ORDINALITY l(level, n);

COMMENT ON VIEW forecast_value IS 'A row per run, series, step ahead and quantile level';

CREATE VIEW observation WITH (security_invoker=true) AS
SELECT d.workspace_id,
    d.name AS dataset,
    s.unique_id AS series,
    step_time(d.workspace_id, d.frequency, d.time_zone, d.step_ms, d.step_origin_ms, c.first_step + v.n - 1) AS ds,
    v.value
   FROM dataset d
     JOIN series s ON s.dataset_id = d.id
     JOIN series_chunk c ON c.series_id = s.id AND c.channel = 0 AND c.valid_to IS NULL
     CROSS JOIN LATERAL unnest(c."values") WITH ORDINALITY v(value, n)
  WHERE v.value IS NOT NULL;

COMMENT ON VIEW observation IS 'Current version of every dataset, a row per observation';

CREATE OR REPLACE FUNCTION public.audit_alias()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM record_audit(NEW.workspace_id, NULL, 'alias', NEW.model_id || '/' || NEW.alias, (SELECT m.name FROM model m WHERE m.id = NEW.model_id),
    (SELECT jsonb_build_object('alias', a.alias, 'version', a.version) FROM model_alias a
      WHERE a.model_id = NEW.model_id AND a.alias = NEW.alias AND a.id <> NEW.id AND a.from_at <= NEW.from_at ORDER BY a.from_at DESC LIMIT 1),
    jsonb_build_object('alias', NEW.alias, 'version', NEW.version, 'reason', NEW.reason));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.audit_broken(of_workspace uuid)
 RETURNS bigint
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
  SELECT least(
    (SELECT no FROM (
       SELECT e.no, e.previous_hash, e.hash, audit_digest(e) AS digest, lag(e.no) OVER following AS no_before, lag(e.hash) OVER following AS hash_before
       FROM audit_entry e WHERE e.workspace_id = of_workspace WINDOW following AS (ORDER BY e.no)) AS one
     WHERE no <> coalesce(no_before, 0) + 1 OR previous_hash <> coalesce(hash_before, '\x') OR hash <> digest ORDER BY no LIMIT 1),
    -- Cut off at its end, or written past it.
    (SELECT least(coalesce(c.no, 0), coalesce(last.no, 0)) + 1 FROM (SELECT) AS one
     LEFT JOIN audit_chain c ON c.workspace_id = of_workspace
     LEFT JOIN LATERAL (SELECT e.no, e.hash FROM audit_entry e WHERE e.workspace_id = of_workspace ORDER BY e.no DESC LIMIT 1) AS last ON true
     WHERE (coalesce(c.no, 0), coalesce(c.hash, '\x')) IS DISTINCT FROM (coalesce(last.no, 0), coalesce(last.hash, '\x'))))
$function$;

CREATE OR REPLACE FUNCTION public.audit_changes(of_table regclass, kind text, name_column text DEFAULT 'name'::text, hidden text[] DEFAULT '{}'::text[], ignored text[] DEFAULT '{}'::text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  EXECUTE format('CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON %s DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_row(%L, %L, %L, %L)', of_table, kind, name_column, hidden, ignored);
END $function$;

CREATE OR REPLACE FUNCTION public.audit_digest(entry audit_entry)
 RETURNS bytea
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
  SELECT sha256(entry.previous_hash || convert_to(jsonb_build_object(
    'workspace', entry.workspace_id, 'no', entry.no,
    'at', to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'actorKind', entry.actor_kind, 'actorId', entry.actor_id, 'actorName', entry.actor_name,
    'action', entry.action, 'objectKind', entry.object_kind, 'objectId', entry.object_id, 'objectName', entry.object_name,
    'before', entry.before, 'after', entry.after, 'address', entry.address, 'requestId', entry.request_id)::text, 'UTF8'))
$function$;

CREATE OR REPLACE FUNCTION public.audit_erasure()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM record_audit(NEW.workspace_id, NULL, 'erasure', NEW.id::text, NEW.name, NULL, jsonb_build_object('kind', NEW.kind, 'rows', NEW.rows));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.audit_image(of_row jsonb, hidden text[])
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT coalesce(jsonb_object_agg(key, CASE WHEN key = ANY (hidden) AND value <> 'null' THEN '"(hidden)"' ELSE value END), '{}')
  FROM jsonb_each(of_row) WHERE key <> 'workspace_id'
$function$;

CREATE OR REPLACE FUNCTION public.audit_member()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
DECLARE
  of_user uuid := coalesce(NEW.user_id, OLD.user_id);
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.role = NEW.role THEN RETURN NULL; END IF;
  PERFORM record_audit(coalesce(NEW.workspace_id, OLD.workspace_id), NULL, 'member', of_user::text, (SELECT u.email FROM user_account u WHERE u.id = of_user),
    CASE WHEN TG_OP <> 'INSERT' THEN jsonb_build_object('role', OLD.role) END, CASE WHEN TG_OP <> 'DELETE' THEN jsonb_build_object('role', NEW.role) END);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.audit_model_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
DECLARE
  of_model text := (SELECT m.name FROM model m WHERE m.id = coalesce(NEW.model_id, OLD.model_id));
BEGIN
  IF of_model IS NULL THEN RETURN NULL; END IF;
  PERFORM record_audit(coalesce(NEW.workspace_id, OLD.workspace_id), NULL, 'modelVersion', coalesce(NEW.id, OLD.id)::text, of_model,
    CASE WHEN TG_OP = 'DELETE' THEN jsonb_build_object('version', OLD.no, 'kind', OLD.kind, 'sha256', OLD.sha256, 'run', OLD.run_id) END,
    CASE WHEN TG_OP = 'INSERT' THEN jsonb_build_object('version', NEW.no, 'kind', NEW.kind, 'sha256', NEW.sha256, 'run', NEW.run_id) END);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.audit_row()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
DECLARE
  old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
  new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
  any_row jsonb := coalesce(new_row, old_row);
  hidden text[] := TG_ARGV[2];
  changed text[];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    SELECT array_agg(key) INTO changed FROM jsonb_each(new_row)
      WHERE value IS DISTINCT FROM old_row -> key AND key <> ALL (TG_ARGV[3]::text[]);
    IF changed IS NULL THEN RETURN NULL; END IF;
    old_row := (SELECT jsonb_object_agg(key, value) FROM jsonb_each(old_row) WHERE key = ANY (changed));
    new_row := (SELECT jsonb_object_agg(key, value) FROM jsonb_each(new_row) WHERE key = ANY (changed));
  END IF;
  PERFORM record_audit((any_row ->> 'workspace_id')::uuid, NULL, TG_ARGV[0], any_row ->> 'id', any_row ->> TG_ARGV[1],
    CASE WHEN old_row IS NOT NULL THEN audit_image(old_row, hidden) END, CASE WHEN new_row IS NOT NULL THEN audit_image(new_row, hidden) END);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.audit_run()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM record_audit(NEW.workspace_id, NULL, 'run', NEW.id::text, coalesce(NEW.model, NEW.dataset),
    CASE WHEN TG_OP = 'UPDATE' THEN jsonb_build_object('status', OLD.status, 'cancelRequested', OLD.cancel_requested) END,
    CASE WHEN TG_OP = 'UPDATE' THEN jsonb_build_object('status', NEW.status, 'cancelRequested', NEW.cancel_requested)
      ELSE jsonb_build_object('kind', NEW.kind, 'dataset', NEW.dataset, 'model', NEW.model) END);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.audit_tag()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
DECLARE
  of_version uuid := coalesce(NEW.model_version_id, OLD.model_version_id);
  tagged record;
BEGIN
  SELECT m.name, v.no INTO tagged FROM model_version v JOIN model m ON m.id = v.model_id WHERE v.id = of_version;
  IF tagged IS NULL OR (TG_OP = 'UPDATE' AND OLD.value = NEW.value) THEN RETURN NULL; END IF;
  PERFORM record_audit(coalesce(NEW.workspace_id, OLD.workspace_id), NULL, 'modelVersion', of_version::text, tagged.name,
    CASE WHEN TG_OP <> 'INSERT' THEN jsonb_build_object('version', tagged.no, 'tag', OLD.name, 'value', OLD.value) END,
    CASE WHEN TG_OP <> 'DELETE' THEN jsonb_build_object('version', tagged.no, 'tag', NEW.name, 'value', NEW.value) END);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.audit_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM record_audit(NEW.workspace_id, NULL, 'datasetVersion', NEW.dataset_id || '/' || NEW.no, (SELECT d.name FROM dataset d WHERE d.id = NEW.dataset_id),
    NULL, jsonb_build_object('version', NEW.no, 'mode', NEW.mode, 'rows', NEW.rows_read, 'rejected', NEW.rows_rejected, 'run', NEW.run_id,
      'sha256', (SELECT u.sha256 FROM upload u WHERE u.id = NEW.upload_id)));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.audit_workspace()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
DECLARE
  actors uuid := nullif(current_setting('almanac.acting', true), '')::jsonb ->> 'workspace';
BEGIN
  PERFORM record_audit(coalesce(actors, NEW.id, OLD.id), NULL, 'workspace', coalesce(NEW.id, OLD.id)::text, coalesce(NEW.name, OLD.name),
    CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.grid_key(of_frequency text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT CASE WHEN length(of_frequency) <= 100 THEN of_frequency ELSE 'md5 ' || md5(of_frequency) END
$function$;

CREATE OR REPLACE FUNCTION public.hide_from_workspaces(of_table regclass)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', of_table);
  EXECUTE format('CREATE POLICY workspace ON %s USING ((SELECT sees_all_workspaces()))', of_table);
END $function$;

CREATE OR REPLACE FUNCTION public.isolate_workspaces(of_table regclass, by_column text DEFAULT 'workspace_id'::text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', of_table);
  EXECUTE format('CREATE POLICY workspace ON %s USING (%I = (SELECT seen_workspace()) OR (SELECT sees_all_workspaces()))', of_table, by_column);
END $function$;

CREATE OR REPLACE FUNCTION public.record_audit(of_workspace uuid, does text, kind text, id text, name text, was jsonb, becomes jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
DECLARE
  acting jsonb := nullif(current_setting('almanac.acting', true), '')::jsonb;
  entry audit_entry;
BEGIN
  -- Nothing is told of a workspace that goes with this transaction: the one of whoever deletes it tells that.
  IF NOT EXISTS (SELECT FROM workspace w WHERE w.id = of_workspace) THEN RETURN; END IF;
  INSERT INTO audit_chain VALUES (of_workspace, 0, '\x') ON CONFLICT DO NOTHING;
  -- Whoever writes into the same chain waits here until this transaction has ended.
  UPDATE audit_chain c SET no = c.no + 1 WHERE c.workspace_id = of_workspace RETURNING c.no, c.hash INTO entry.no, entry.previous_hash;
  entry.workspace_id := of_workspace;
  -- As exact as it is shown, so that what was shown finds it.
  entry.at := date_trunc('milliseconds', clock_timestamp());
  entry.actor_kind := coalesce(acting ->> 'kind', CASE WHEN current_setting('application_name') LIKE 'almanac%' THEN 'system' ELSE 'database' END);
  entry.actor_id := CASE WHEN acting IS NULL AND entry.actor_kind = 'database' THEN session_user::text ELSE acting ->> 'id' END;
  entry.actor_name := acting ->> 'name';
  entry.action := coalesce(does, acting ->> 'action', CASE WHEN was IS NULL THEN 'insert' WHEN becomes IS NULL THEN 'delete' ELSE 'update' END);
  entry.object_kind := kind;
  entry.object_id := id;
  entry.object_name := name;
  entry.before := was;
  entry.after := becomes;
  entry.address := acting ->> 'address';
  entry.request_id := acting ->> 'request';
  entry.hash := audit_digest(entry);
  INSERT INTO audit_entry VALUES (entry.*);
  UPDATE audit_chain c SET hash = entry.hash WHERE c.workspace_id = of_workspace;
END $function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_audit()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
BEGIN
  IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM workspace w WHERE w.id = OLD.workspace_id) THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'The audit log is only added to.' USING ERRCODE = '42501';
END $function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_finished_run()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF current_setting('almanac.erasing', true) = 'on' THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'run % is finished and never changes', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $function$;

CREATE OR REPLACE FUNCTION public.seen_workspace()
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
  SELECT coalesce((SELECT workspace_id FROM sql_user WHERE role = session_user),
    CASE WHEN pg_has_role(session_user, current_user, 'MEMBER') THEN nullif(nullif(current_setting('almanac.workspace', true), ''), '*')::uuid END)
$function$;

CREATE OR REPLACE FUNCTION public.sees_all_workspaces()
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
  SELECT coalesce(current_setting('almanac.workspace', true) = '*', false) AND pg_has_role(session_user, current_user, 'MEMBER')
    AND NOT EXISTS (SELECT 1 FROM sql_user WHERE role = session_user)
$function$;

CREATE OR REPLACE FUNCTION public.step_time(of_workspace uuid, of_frequency text, of_time_zone text, of_step_ms bigint, of_step_origin_ms bigint, of_step bigint)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$
  SELECT CASE
    WHEN of_step_ms IS NOT NULL THEN timestamptz 'epoch' + (of_step * of_step_ms + of_step_origin_ms) * interval '1 millisecond'
    ELSE (SELECT g.starts_at FROM grid_step g
          WHERE g.workspace_id = of_workspace AND g.frequency = grid_key(of_frequency) AND g.time_zone = of_time_zone AND g.step = of_step)
  END
$function$;

CREATE OR REPLACE FUNCTION public.tell_of_finished_run()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  about jsonb := jsonb_build_object('runId', NEW.id, 'kind', NEW.kind, 'dataset', NEW.dataset, 'model', NEW.model);
  alert jsonb;
BEGIN
  PERFORM tell_webhooks(NEW.workspace_id,
    CASE NEW.status WHEN 'succeeded' THEN 'run.finished' WHEN 'failed' THEN 'run.failed' ELSE 'run.cancelled' END,
    about || jsonb_build_object('status', NEW.status, 'error', NEW.error));
  IF NEW.status = 'succeeded' AND NEW.kind = 'forecast' AND NOT NEW.config ? 'replayOf' THEN
    PERFORM tell_webhooks(NEW.workspace_id, 'forecast.stored', about || jsonb_build_object(
      'version', NEW.result -> 'version', 'series', NEW.result -> 'series', 'horizon', NEW.result -> 'horizon'));
  END IF;
  IF NEW.status = 'succeeded' AND jsonb_typeof(NEW.result -> 'alerts') = 'array' THEN
    FOR alert IN SELECT * FROM jsonb_array_elements(NEW.result -> 'alerts') LOOP
      PERFORM tell_webhooks(NEW.workspace_id, 'alert.raised', about || alert);
    END LOOP;
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.tell_of_moved_alias()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM tell_webhooks(NEW.workspace_id, 'alias.moved', jsonb_build_object(
    'model', (SELECT name FROM model WHERE id = NEW.model_id), 'alias', NEW.alias, 'version', NEW.version, 'reason', NEW.reason,
    'previousVersion', (SELECT version FROM model_alias WHERE model_id = NEW.model_id AND alias = NEW.alias AND id <> NEW.id
      ORDER BY id DESC LIMIT 1)));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.tell_webhooks(of_workspace uuid, of_event text, of_data jsonb)
 RETURNS void
 LANGUAGE sql
AS $function$
  INSERT INTO webhook_delivery (workspace_id, webhook_id, message_id, event, payload)
  SELECT of_workspace, w.id, m.id, of_event, jsonb_build_object(
    'type', of_event, 'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', of_data)
  FROM webhook w, (SELECT gen_random_uuid() AS id) m
  WHERE w.workspace_id = of_workspace AND w.enabled AND of_event = ANY (w.events)
$function$;
