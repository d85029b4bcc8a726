-- Which version bore an alias when stays known after that version was deleted.
ALTER TABLE model_alias DROP CONSTRAINT model_alias_model_id_version_fkey;
ALTER TABLE model_alias ADD FOREIGN KEY (model_id) REFERENCES model ON DELETE CASCADE;
