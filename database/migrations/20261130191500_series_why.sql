-- Trainings score every series on what was held out, as backtests do, and say what they chose for it.
ALTER TABLE series_score ADD COLUMN why text;
COMMENT ON COLUMN series_score.why IS 'Of a training whose kind of model chooses by series: what it chose, and why';
