-- A key opens nothing from here on. A rotation gives the key before an end, so that its users have time to take the new one.
ALTER TABLE api_key ADD COLUMN expires_at timestamptz;
