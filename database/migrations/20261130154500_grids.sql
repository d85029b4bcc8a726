-- Grids beyond calendar units and widths counted from the epoch: widths may start later, hours may leave days out, and a
-- closure calendar is part of the frequency.
ALTER TABLE dataset ADD COLUMN step_origin_ms bigint NOT NULL DEFAULT 0, ADD COLUMN season_lengths integer[];
COMMENT ON COLUMN dataset.step_ms IS 'Width of a step; NULL for grids whose steps are in grid_step: calendars, and hours with closed days';
COMMENT ON COLUMN dataset.step_origin_ms IS 'First instant of step 0 of a grid of widths, in milliseconds since 1970';
COMMENT ON COLUMN dataset.season_lengths IS 'Steps per season, shortest first, as they were declared; NULL: those of the frequency';

-- What a frequency is called in grid_step: a code that holds the days of a closure calendar is long.
CREATE FUNCTION grid_key(of_frequency text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN length(of_frequency) <= 100 THEN of_frequency ELSE 'md5 ' || md5(of_frequency) END
$$;
COMMENT ON TABLE grid_step IS 'When the steps of grids without one width start, by grid_key(frequency), so that no two time-zone databases can disagree';

-- The instant at which a step of a dataset starts.
CREATE FUNCTION step_time(of_workspace uuid, of_frequency text, of_time_zone text, of_step_ms bigint, of_step_origin_ms bigint, of_step bigint)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN of_step_ms IS NOT NULL THEN timestamptz 'epoch' + (of_step * of_step_ms + of_step_origin_ms) * interval '1 millisecond'
    ELSE (SELECT g.starts_at FROM grid_step g
          WHERE g.workspace_id = of_workspace AND g.frequency = grid_key(of_frequency) AND g.time_zone = of_time_zone AND g.step = of_step)
  END
$$;

CREATE OR REPLACE VIEW observation AS
  SELECT d.workspace_id, d.name AS dataset, s.unique_id AS series,
    step_time(d.workspace_id, d.frequency, d.time_zone, d.step_ms, d.step_origin_ms, c.first_step + v.n - 1) AS ds, v.value
  FROM dataset d
  JOIN series s ON s.dataset_id = d.id
  JOIN series_chunk c ON c.series_id = s.id AND c.channel = 0 AND c.valid_to IS NULL
  CROSS JOIN LATERAL unnest(c.values) WITH ORDINALITY AS v(value, n)
  WHERE v.value IS NOT NULL;

CREATE OR REPLACE VIEW forecast_value AS
  SELECT f.workspace_id, d.name AS dataset, s.unique_id, m.name AS model, mv.no AS model_version, f.run_id, f.cutoff_time AS cutoff,
    step_time(d.workspace_id, d.frequency, d.time_zone, d.step_ms, d.step_origin_ms, f.cutoff_step + h.n) AS ds, l.level,
    f.quantiles[(l.n - 1) * f.horizon + h.n] AS value
  FROM forecast f
  JOIN series s ON s.id = f.series_id
  JOIN dataset d ON d.id = s.dataset_id
  JOIN model_version mv ON mv.id = f.model_version_id
  JOIN model m ON m.id = mv.model_id
  CROSS JOIN LATERAL generate_series(1, f.horizon) AS h(n)
  CROSS JOIN LATERAL unnest(f.levels) WITH ORDINALITY AS l(level, n);

DROP FUNCTION step_time(uuid, text, text, bigint, bigint);
