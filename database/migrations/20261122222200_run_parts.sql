-- A run may have parts that any worker takes, be carried by a queue of its own, and wait for another run to end.
ALTER TABLE run
  ADD COLUMN parent_id uuid REFERENCES run ON DELETE CASCADE,
  ADD COLUMN part_no integer,
  ADD COLUMN queue text,
  ADD COLUMN after_id uuid REFERENCES run,
  ADD CHECK ((parent_id IS NULL) = (part_no IS NULL));
CREATE UNIQUE INDEX run_part ON run (parent_id, part_no) WHERE parent_id IS NOT NULL;
CREATE INDEX run_after ON run (after_id) WHERE after_id IS NOT NULL;
DROP INDEX run_newest;
CREATE INDEX run_newest ON run (workspace_id, id DESC) WHERE parent_id IS NULL;
COMMENT ON COLUMN run.parent_id IS 'The run that this one is a part of; parts are not listed among runs';
COMMENT ON COLUMN run.queue IS 'Job that carries it; NULL: that of its kind';
COMMENT ON COLUMN run.after_id IS 'It starts only once that run has ended, whichever way';

ALTER TABLE worker ADD COLUMN resources jsonb;
COMMENT ON COLUMN worker.resources IS 'Threads, memory and devices that it offers';
