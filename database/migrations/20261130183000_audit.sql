-- Who did what to what: one entry for each change, written by a trigger in the transaction of the change itself, so that neither is
-- there without the other. The entries of a workspace are a chain: each holds the hash of the one before, and `audit_chain` the last.
--
-- Triggers are deferred to the commit, so that the chain of a workspace is locked for the moment of the commit and not for the length
-- of the work. The program says who acts by the setting almanac.acting (libs/store/src/postgres/scope.ts). A new table of settings
-- calls audit_changes('its_name', …) in its migration; what changes no row (a sign-in) is written by record_audit().

CREATE TABLE audit_chain (
  workspace_id uuid PRIMARY KEY REFERENCES workspace (id) ON DELETE CASCADE,
  no bigint NOT NULL,
  hash bytea NOT NULL
);
COMMENT ON TABLE audit_chain IS 'The last entry of each audit log';
SELECT isolate_workspaces('audit_chain');

CREATE TABLE audit_entry (
  workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  no bigint NOT NULL,
  at timestamptz NOT NULL,
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
  PRIMARY KEY (workspace_id, no)
);
CREATE INDEX audit_entry_by_actor ON audit_entry (workspace_id, actor_id, no DESC);
CREATE INDEX audit_entry_by_action ON audit_entry (workspace_id, action, no DESC);
CREATE INDEX audit_entry_by_object ON audit_entry (workspace_id, object_name, no DESC);
CREATE INDEX audit_entry_by_time ON audit_entry (workspace_id, at);
COMMENT ON TABLE audit_entry IS 'Who did what to what; never changed, and gone only with its workspace';
COMMENT ON COLUMN audit_entry.no IS 'Counts from 1 without a gap in each workspace';
COMMENT ON COLUMN audit_entry.actor_kind IS 'key, user, run, schedule, operator (at the machine), system, or database (somebody with SQL)';
COMMENT ON COLUMN audit_entry.action IS 'Name of the endpoint, of the command or of the kind of run';
COMMENT ON COLUMN audit_entry.before IS 'Null where it was made; of a change only what changed';
COMMENT ON COLUMN audit_entry.hash IS 'See audit_digest()';
SELECT isolate_workspaces('audit_entry');

-- sha256 of the hash before and of everything that the entry says, as JSON text with the keys as jsonb orders them.
CREATE FUNCTION audit_digest(entry audit_entry) RETURNS bytea LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT sha256(entry.previous_hash || convert_to(jsonb_build_object(
    'workspace', entry.workspace_id, 'no', entry.no,
    'at', to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'actorKind', entry.actor_kind, 'actorId', entry.actor_id, 'actorName', entry.actor_name,
    'action', entry.action, 'objectKind', entry.object_kind, 'objectId', entry.object_id, 'objectName', entry.object_name,
    'before', entry.before, 'after', entry.after, 'address', entry.address, 'requestId', entry.request_id)::text, 'UTF8'))
$$;

-- Appends one entry to the chain of a workspace, as its owner: nobody else may write there.
CREATE FUNCTION record_audit(of_workspace uuid, does text, kind text, id text, name text, was jsonb, becomes jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
REVOKE EXECUTE ON FUNCTION record_audit FROM PUBLIC;

-- A row as it is told: without its workspace, with a mark in place of what is secret.
CREATE FUNCTION audit_image(of_row jsonb, hidden text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_object_agg(key, CASE WHEN key = ANY (hidden) AND value <> 'null' THEN '"(hidden)"' ELSE value END), '{}')
  FROM jsonb_each(of_row) WHERE key <> 'workspace_id'
$$;

-- Arguments: what the row is, its column with a name, columns whose value is told to nobody, columns whose change is no news.
CREATE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;

CREATE FUNCTION audit_changes(of_table regclass, kind text, name_column text DEFAULT 'name', hidden text[] DEFAULT '{}', ignored text[] DEFAULT '{}')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON %s DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_row(%L, %L, %L, %L)', of_table, kind, name_column, hidden, ignored);
END $$;

SELECT audit_changes('api_key', 'apiKey', hidden => '{hash}', ignored => '{last_used_at}');
SELECT audit_changes('webhook', 'webhook', 'url', hidden => '{secret,previous_secret}');
SELECT audit_changes('schedule', 'schedule', ignored => '{next_due_at,last_fired_at,last_run_id}');
SELECT audit_changes('dataset', 'dataset',
  ignored => '{current_version,series_count,observation_count,first_step,last_step,updated_at}');
SELECT audit_changes('model', 'model', ignored => '{latest}');
SELECT audit_changes('sql_user', 'sqlUser', 'role');

-- A workspace is told of in the log of whoever made, renamed or deleted it; by nobody in particular, in its own.
CREATE FUNCTION audit_workspace() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  actors uuid := nullif(current_setting('almanac.acting', true), '')::jsonb ->> 'workspace';
BEGIN
  PERFORM record_audit(coalesce(actors, NEW.id, OLD.id), NULL, 'workspace', coalesce(NEW.id, OLD.id)::text, coalesce(NEW.name, OLD.name),
    CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON workspace DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION audit_workspace();

-- Data: each version of a dataset, however it came. What deletes a dataset tells of its versions.
CREATE FUNCTION audit_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM record_audit(NEW.workspace_id, NULL, 'datasetVersion', NEW.dataset_id || '/' || NEW.no, (SELECT d.name FROM dataset d WHERE d.id = NEW.dataset_id),
    NULL, jsonb_build_object('version', NEW.no, 'mode', NEW.mode, 'rows', NEW.rows_read, 'rejected', NEW.rows_rejected, 'run', NEW.run_id,
      'sha256', (SELECT u.sha256 FROM upload u WHERE u.id = NEW.upload_id)));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audited AFTER INSERT ON dataset_version DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_version();

CREATE FUNCTION audit_erasure() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM record_audit(NEW.workspace_id, NULL, 'erasure', NEW.id::text, NEW.name, NULL, jsonb_build_object('kind', NEW.kind, 'rows', NEW.rows));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audited AFTER INSERT ON erasure DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_erasure();

-- The registry. What deletes a model tells of its versions, and what deletes a version of its tags.
CREATE FUNCTION audit_model_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  of_model text := (SELECT m.name FROM model m WHERE m.id = coalesce(NEW.model_id, OLD.model_id));
BEGIN
  IF of_model IS NULL THEN RETURN NULL; END IF;
  PERFORM record_audit(coalesce(NEW.workspace_id, OLD.workspace_id), NULL, 'modelVersion', coalesce(NEW.id, OLD.id)::text, of_model,
    CASE WHEN TG_OP = 'DELETE' THEN jsonb_build_object('version', OLD.no, 'kind', OLD.kind, 'sha256', OLD.sha256, 'run', OLD.run_id) END,
    CASE WHEN TG_OP = 'INSERT' THEN jsonb_build_object('version', NEW.no, 'kind', NEW.kind, 'sha256', NEW.sha256, 'run', NEW.run_id) END);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR DELETE ON model_version DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION audit_model_version();

CREATE FUNCTION audit_tag() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON model_version_tag DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION audit_tag();

CREATE FUNCTION audit_alias() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM record_audit(NEW.workspace_id, NULL, 'alias', NEW.model_id || '/' || NEW.alias, (SELECT m.name FROM model m WHERE m.id = NEW.model_id),
    (SELECT jsonb_build_object('alias', a.alias, 'version', a.version) FROM model_alias a
      WHERE a.model_id = NEW.model_id AND a.alias = NEW.alias AND a.id <> NEW.id AND a.from_at <= NEW.from_at ORDER BY a.from_at DESC LIMIT 1),
    jsonb_build_object('alias', NEW.alias, 'version', NEW.version, 'reason', NEW.reason));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audited AFTER INSERT ON model_alias DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_alias();

-- Runs that somebody asked for, and that somebody stopped. Their parts are theirs; a prediction changes nothing that lasts.
CREATE FUNCTION audit_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM record_audit(NEW.workspace_id, NULL, 'run', NEW.id::text, coalesce(NEW.model, NEW.dataset),
    CASE WHEN TG_OP = 'UPDATE' THEN jsonb_build_object('status', OLD.status, 'cancelRequested', OLD.cancel_requested) END,
    CASE WHEN TG_OP = 'UPDATE' THEN jsonb_build_object('status', NEW.status, 'cancelRequested', NEW.cancel_requested)
      ELSE jsonb_build_object('kind', NEW.kind, 'dataset', NEW.dataset, 'model', NEW.model) END);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER asked_for AFTER INSERT ON run DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.parent_id IS NULL AND NEW.kind <> 'predict') EXECUTE FUNCTION audit_run();
CREATE CONSTRAINT TRIGGER stopped AFTER UPDATE OF cancel_requested ON run DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.cancel_requested AND NOT OLD.cancel_requested AND NEW.parent_id IS NULL AND NEW.kind <> 'predict') EXECUTE FUNCTION audit_run();

-- Nobody changes an entry, whoever they log in as; it goes with its workspace.
CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM workspace w WHERE w.id = OLD.workspace_id) THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'The audit log is only added to.' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();

-- The first entry of a chain that is not as it was written, or is not there; null where all are.
CREATE FUNCTION audit_broken(of_workspace uuid) RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
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
$$;
