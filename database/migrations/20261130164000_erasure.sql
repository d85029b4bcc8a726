-- What is deleted is deleted everywhere, and a certificate says so.
CREATE TABLE erasure (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('dataset', 'series', 'workspace')),
  name text NOT NULL,
  rows jsonb NOT NULL,
  objects jsonb NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz
);
CREATE INDEX erasure_newest ON erasure (workspace_id, id DESC);
CREATE INDEX erasure_open ON erasure (requested_at) WHERE completed_at IS NULL;
COMMENT ON TABLE erasure IS 'Certificates: what went, when it was asked for and when the last of it was gone';
COMMENT ON COLUMN erasure.rows IS 'Rows that went at once, by what they were';
COMMENT ON COLUMN erasure.objects IS 'Files in object storage: sha256, what, and deleted, kept (others have the same content) or null while it is to be done';
SELECT isolate_workspaces('erasure');
-- References to a content are counted before it goes.
CREATE INDEX upload_by_object ON upload (object_key);
CREATE INDEX model_version_by_manifest ON model_version (manifest_key);
CREATE INDEX model_version_by_weights ON model_version (weights_key);

-- A finished run never changes, but for what an erasure takes out of it.
CREATE OR REPLACE FUNCTION refuse_change_of_finished_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('almanac.erasing', true) = 'on' THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'run % is finished and never changes', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
