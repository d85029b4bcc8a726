-- Rows of one workspace are seen by nobody else, whatever a statement forgets to ask for. A new table with workspace_id calls
-- isolate_workspaces('its_name') in its migration; a test looks for those that do not. Roles and their rights are made by the
-- program (libs/store/src/schema/roles.ts): they belong to the server, not to this database.

CREATE TABLE sql_user (
  role name PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sql_user IS 'People and tools that read the views by SQL: each sees one workspace, whatever it sets';

-- Both look past the policies (they run as the owner), at the one who logged in.
CREATE FUNCTION seen_workspace() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce((SELECT workspace_id FROM sql_user WHERE role = session_user),
    nullif(nullif(current_setting('almanac.workspace', true), ''), '*')::uuid)
$$;
CREATE FUNCTION sees_all_workspaces() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(current_setting('almanac.workspace', true) = '*', false) AND NOT EXISTS (SELECT 1 FROM sql_user WHERE role = session_user)
$$;

-- The functions stand in subqueries so that a statement asks them once and not for every row.
CREATE FUNCTION isolate_workspaces(of_table regclass, by_column text DEFAULT 'workspace_id') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', of_table);
  EXECUTE format('CREATE POLICY workspace ON %s USING (%I = (SELECT seen_workspace()) OR (SELECT sees_all_workspaces()))', of_table, by_column);
END $$;

SELECT isolate_workspaces(c.oid::regclass)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname;
SELECT isolate_workspaces('workspace', 'id');

ALTER VIEW observation SET (security_invoker = true);
ALTER VIEW forecast_value SET (security_invoker = true);
