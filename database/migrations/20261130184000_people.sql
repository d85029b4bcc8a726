-- People: who they are, where they may do what, and how they come in. Users, identities, sessions, links and attempts belong to the
-- installation and not to a workspace: no workspace sees them, only the few statements that say they are about all.

CREATE FUNCTION hide_from_workspaces(of_table regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', of_table);
  EXECUTE format('CREATE POLICY workspace ON %s USING ((SELECT sees_all_workspaces()))', of_table);
END $$;

CREATE TABLE user_account (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE CHECK (email = lower(email)),
  name text NOT NULL,
  password_hash text,
  is_owner boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  signed_in_at timestamptz
);
CREATE UNIQUE INDEX user_account_owner ON user_account (is_owner) WHERE is_owner;
COMMENT ON COLUMN user_account.password_hash IS 'argon2id in PHC form; null: comes in by OIDC or by a link at the machine';
COMMENT ON COLUMN user_account.is_owner IS 'The one that a start at the machine signs in';

CREATE TABLE user_identity (
  issuer text NOT NULL,
  subject text NOT NULL,
  user_id uuid NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX user_identity_by_user ON user_identity (user_id);
COMMENT ON TABLE user_identity IS 'Who somebody is to an OpenID provider; an e-mail address may change there, the subject does not';

CREATE TABLE member (
  workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX member_by_user ON member (user_id);

CREATE TABLE invitation (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  email text NOT NULL CHECK (email = lower(email)),
  role text NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
  token_hash text NOT NULL UNIQUE,
  invited_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz
);
CREATE INDEX invitation_by_workspace ON invitation (workspace_id, id);
CREATE INDEX invitation_by_email ON invitation (email) WHERE accepted_at IS NULL;
COMMENT ON COLUMN invitation.token_hash IS 'sha256 of the token, in hex; the link with it is shown once';
COMMENT ON COLUMN invitation.invited_by IS 'Name of the user or key, as it was then';

CREATE TABLE session (
  id uuid PRIMARY KEY,
  token_hash text NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  method text NOT NULL CHECK (method IN ('password', 'link', 'oidc', 'invitation')),
  address text NOT NULL,
  agent text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX session_by_user ON session (user_id);
COMMENT ON COLUMN session.token_hash IS 'sha256 of what the cookie holds, in hex';

CREATE TABLE sign_in_link (
  token_hash text PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_link_by_user ON sign_in_link (user_id);
COMMENT ON TABLE sign_in_link IS 'Printed at the machine, taken once';

CREATE TABLE sign_in_attempt (
  about text PRIMARY KEY,
  attempts integer NOT NULL,
  until timestamptz NOT NULL
);
COMMENT ON TABLE sign_in_attempt IS 'Passwords that were tried for an account or from an address, in the window that ends at until';

SELECT isolate_workspaces('member');
SELECT isolate_workspaces('invitation');
SELECT hide_from_workspaces(t) FROM unnest(ARRAY['user_account', 'user_identity', 'session', 'sign_in_link', 'sign_in_attempt']::regclass[]) t;

-- Who may do what is told by the address of the user, at once: in the transaction that deletes the user it is gone at the commit.
SELECT audit_changes('invitation', 'invitation', 'email', hidden => '{token_hash}');
CREATE FUNCTION audit_member() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  of_user uuid := coalesce(NEW.user_id, OLD.user_id);
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.role = NEW.role THEN RETURN NULL; END IF;
  PERFORM record_audit(coalesce(NEW.workspace_id, OLD.workspace_id), NULL, 'member', of_user::text, (SELECT u.email FROM user_account u WHERE u.id = of_user),
    CASE WHEN TG_OP <> 'INSERT' THEN jsonb_build_object('role', OLD.role) END, CASE WHEN TG_OP <> 'DELETE' THEN jsonb_build_object('role', NEW.role) END);
  RETURN NULL;
END $$;
CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON member FOR EACH ROW EXECUTE FUNCTION audit_member();
