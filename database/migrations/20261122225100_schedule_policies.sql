-- What a schedule does about due times that overlap or were missed, and why one made no run.
ALTER TABLE schedule
  ADD COLUMN overlap text NOT NULL DEFAULT 'queue' CHECK (overlap IN ('skip', 'queue', 'cancel')),
  ADD COLUMN catch_up text NOT NULL DEFAULT 'latest' CHECK (catch_up IN ('none', 'latest', 'all')),
  ADD COLUMN catch_up_limit integer NOT NULL DEFAULT 24;
ALTER TABLE schedule_firing ADD COLUMN reason text CHECK (reason IN ('downtime', 'overlap'));
