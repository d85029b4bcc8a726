-- Where datasets get their rows from by themselves.

CREATE TABLE source (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  name text NOT NULL,
  origin jsonb NOT NULL,
  secret text,
  options jsonb NOT NULL,
  state jsonb NOT NULL DEFAULT '{}',
  revision integer NOT NULL DEFAULT 1,
  turn integer NOT NULL DEFAULT 0,
  last_run_id uuid REFERENCES run (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workspace_id, name)
);
COMMENT ON TABLE source IS 'Where datasets get their rows from; schedules say when';
COMMENT ON COLUMN source.secret IS 'Sealed';
COMMENT ON COLUMN source.state IS 'How far it has been read and stored';
COMMENT ON COLUMN source.revision IS 'Grows when it reads something else: how far the one before was read says nothing of it';
COMMENT ON COLUMN source.turn IS 'Grows with every upload that is made of it: of two who read at a time, one stores';
SELECT isolate_workspaces('source');
SELECT audit_changes('source', 'source', 'name', '{secret}', '{state,revision,turn,last_run_id}');
CREATE INDEX source_last_run ON source (last_run_id);
CREATE INDEX source_by_dataset ON source (workspace_id, (options ->> 'dataset'));

CREATE TABLE source_object (
  workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  source_id uuid NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key text NOT NULL,
  etag text NOT NULL,
  PRIMARY KEY (source_id, key)
);
COMMENT ON TABLE source_object IS 'Objects of a bucket whose rows are stored';
SELECT isolate_workspaces('source_object');

CREATE INDEX run_of_source ON run ((config -> 'source' ->> 'id')) WHERE kind = 'ingest' AND config -> 'source' IS NOT NULL;
