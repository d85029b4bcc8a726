-- What a workspace may have and do at most, beside what the program allows by itself; buckets and leases are shared by all processes
-- of the API, and may be lost with a crash of the server: they then begin anew.

CREATE TABLE quota (
  workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  name text NOT NULL,
  most bigint CHECK (most >= 0),
  PRIMARY KEY (workspace_id, name)
);
COMMENT ON TABLE quota IS 'Limits that the operator set for a workspace; the others are those of the program';
COMMENT ON COLUMN quota.most IS 'Null: no limit';
SELECT isolate_workspaces('quota');
SELECT audit_changes('quota', 'quota');

-- By the layout of rate-limiter-flexible: key, points and milliseconds of the epoch come first.
CREATE UNLOGGED TABLE rate_bucket (
  key varchar(255) PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint,
  workspace_id uuid
) WITH (fillfactor = 50);
COMMENT ON TABLE rate_bucket IS 'Requests of the present minute, by caller, workspace or address';
COMMENT ON COLUMN rate_bucket.workspace_id IS 'Always null: no workspace sees them';
SELECT isolate_workspaces('rate_bucket');

CREATE UNLOGGED TABLE lease (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  kind text NOT NULL,
  holder text NOT NULL,
  until timestamptz NOT NULL
);
CREATE INDEX lease_of_workspace ON lease (workspace_id, kind);
COMMENT ON TABLE lease IS 'What is under way at the API and counted: uploads, streams; whoever holds one says so every few seconds';
COMMENT ON COLUMN lease.holder IS 'Id of the key or person';
SELECT isolate_workspaces('lease');
