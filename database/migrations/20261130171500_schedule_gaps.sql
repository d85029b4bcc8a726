-- Many due times that were missed in one downtime are one firing: the first of them and how many; `due_at` is the last.
ALTER TABLE schedule_firing
  ADD COLUMN first_due_at timestamptz,
  ADD COLUMN due_times integer NOT NULL DEFAULT 1 CHECK (due_times >= 1);
COMMENT ON COLUMN schedule_firing.first_due_at IS 'Where it stands for several due times, the first of them';
