-- Webhooks: who wants to be told of what, and every message with what became of it. The messages are written by triggers,
-- so that none of the paths that end a run or move an alias can forget to, and stand or fall with the fact they tell.
CREATE TABLE webhook (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace,
  url text NOT NULL,
  events text[] NOT NULL,
  description text NOT NULL DEFAULT '',
  secret text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_by_workspace ON webhook (workspace_id, id);
COMMENT ON COLUMN webhook.secret IS 'Key of the signature; shown once, kept because signing needs it';

CREATE TABLE webhook_delivery (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid NOT NULL REFERENCES workspace,
  no bigint GENERATED ALWAYS AS IDENTITY,
  webhook_id uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
  message_id uuid NOT NULL,
  event text NOT NULL,
  payload jsonb NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  response_status integer,
  error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  attempted_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX webhook_delivery_newest ON webhook_delivery (webhook_id, no DESC);
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_attempt_at) WHERE status = 'pending';
COMMENT ON COLUMN webhook_delivery.message_id IS 'The receiver''s webhook-id: the same for every webhook, attempt and replay of one message';
COMMENT ON COLUMN webhook_delivery.next_attempt_at IS 'Not before; while a worker is at it, when it is taken for lost';

CREATE FUNCTION tell_webhooks(of_workspace uuid, of_event text, of_data jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO webhook_delivery (workspace_id, webhook_id, message_id, event, payload)
  SELECT of_workspace, w.id, m.id, of_event, jsonb_build_object(
    'type', of_event, 'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', of_data)
  FROM webhook w, (SELECT gen_random_uuid() AS id) m
  WHERE w.workspace_id = of_workspace AND w.enabled AND of_event = ANY (w.events)
$$;

CREATE FUNCTION tell_of_finished_run() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;

-- A part is told of with its whole, and a prediction answers one request: neither is news.
CREATE TRIGGER finished_run_is_told AFTER UPDATE ON run FOR EACH ROW
  WHEN (NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL AND NEW.parent_id IS NULL AND NEW.kind <> 'predict') EXECUTE FUNCTION tell_of_finished_run();

CREATE FUNCTION tell_of_moved_alias() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tell_webhooks(NEW.workspace_id, 'alias.moved', jsonb_build_object(
    'model', (SELECT name FROM model WHERE id = NEW.model_id), 'alias', NEW.alias, 'version', NEW.version, 'reason', NEW.reason,
    'previousVersion', (SELECT version FROM model_alias WHERE model_id = NEW.model_id AND alias = NEW.alias AND id <> NEW.id
      ORDER BY id DESC LIMIT 1)));
  RETURN NULL;
END $$;
CREATE TRIGGER moved_alias_is_told AFTER INSERT ON model_alias FOR EACH ROW EXECUTE FUNCTION tell_of_moved_alias();
