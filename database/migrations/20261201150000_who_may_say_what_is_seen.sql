-- What a connection says that it sees counts where the program has logged in: as the owner of these functions and of the tables, or as
-- somebody who may become that. Logins and almanac_reader belong to the server, so a login whose workspace was deleted, or one of another
-- Almanac on the same server, is a member of almanac_reader without a row in sql_user; it sees nothing.
CREATE OR REPLACE FUNCTION seen_workspace() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce((SELECT workspace_id FROM sql_user WHERE role = session_user),
    CASE WHEN pg_has_role(session_user, current_user, 'MEMBER') THEN nullif(nullif(current_setting('almanac.workspace', true), ''), '*')::uuid END)
$$;
CREATE OR REPLACE FUNCTION sees_all_workspaces() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(current_setting('almanac.workspace', true) = '*', false) AND pg_has_role(session_user, current_user, 'MEMBER')
    AND NOT EXISTS (SELECT 1 FROM sql_user WHERE role = session_user)
$$;
