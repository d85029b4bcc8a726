-- What a few appended rows say lies with their upload (object_key 'inline') until there are enough of them for a file together.
ALTER TABLE upload ADD COLUMN content bytea;
COMMENT ON COLUMN upload.content IS 'What was appended, until it lies in the file that object_key names: a line of it each, found by its sha256';
CREATE INDEX upload_unpacked ON upload (workspace_id, (mapping ->> 'dataset')) WHERE content IS NOT NULL;
