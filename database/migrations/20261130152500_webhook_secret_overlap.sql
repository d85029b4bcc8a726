-- Secrets of webhooks lie sealed (AES-256-GCM); after a rotation the one before signs beside the new one for a while.
ALTER TABLE webhook ADD COLUMN previous_secret text, ADD COLUMN previous_secret_until timestamptz;
COMMENT ON COLUMN webhook.secret IS 'Key of the signature, sealed; shown once, kept because signing needs it';
COMMENT ON COLUMN webhook.previous_secret IS 'Signs too until previous_secret_until';
