-- Nor emptied at once, which no trigger of a row sees.
CREATE TRIGGER only_added_to_as_a_whole BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
