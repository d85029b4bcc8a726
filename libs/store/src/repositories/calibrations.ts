/**
 * Calibrations of a model version for its series: immutable rows named by their content; the latest is the one that has learned the most.
 */
import type { Calibrations } from '../facade.js';
import { toFloat64Array } from '../postgres/binary.js';
import type { Context } from '../postgres/context.js';
import type { CalibrationRecord, RipeForecast } from '../records.js';

const FIELDS = 'c.series_id::float8 AS "seriesId", c.sha256, c.observed_until::float8 AS "observedUntil", c.state';
/** A forecast that is being made may still rest on one that has just been followed by another. */
const KEPT = "interval '1 day'";

export function calibrations(context: Context): Calibrations {
  const { workspaceId } = context;
  return {
    async save(modelVersionId, rows) {
      if (rows.length === 0) return;
      const seriesIds = rows.map(({ seriesId }) => seriesId);
      await context.query(
        `INSERT INTO calibration (workspace_id, model_version_id, series_id, sha256, observed_until, state)
         SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::bigint[], $6::json[]) ON CONFLICT DO NOTHING`,
        [
          workspaceId,
          modelVersionId,
          seriesIds,
          rows.map(({ sha256 }) => sha256),
          rows.map(({ observedUntil }) => observedUntil),
          rows.map(({ state }) => JSON.stringify(state)),
        ],
      );
      await context.query(
        `DELETE FROM calibration c WHERE c.workspace_id = $1 AND c.model_version_id = $2 AND c.series_id = ANY ($3::bigint[])
           AND c.made_at < now() - ${KEPT}
           AND EXISTS (SELECT FROM calibration later WHERE later.model_version_id = c.model_version_id
             AND later.series_id = c.series_id AND later.observed_until > c.observed_until)
           AND NOT EXISTS (SELECT FROM forecast f WHERE f.series_id = c.series_id AND f.model_version_id = c.model_version_id
             AND f.calibration = c.sha256)`,
        [workspaceId, modelVersionId, seriesIds],
      );
    },
    latest: (modelVersionId, series) =>
      context.query<CalibrationRecord>(
        `SELECT ${FIELDS} FROM unnest($3::bigint[], $4::bigint[]) AS wanted (series_id, until_step)
         CROSS JOIN LATERAL (SELECT * FROM calibration c WHERE c.workspace_id = $1 AND c.model_version_id = $2
           AND c.series_id = wanted.series_id AND c.observed_until <= wanted.until_step ORDER BY c.observed_until DESC, c.sha256 LIMIT 1) c`,
        [workspaceId, modelVersionId, series.map(({ seriesId }) => seriesId), series.map(({ untilStep }) => untilStep)],
      ),
    named: (modelVersionId, series) =>
      context.query<CalibrationRecord>(
        `SELECT ${FIELDS} FROM unnest($3::bigint[], $4::text[]) AS wanted (series_id, sha256)
         JOIN calibration c ON c.workspace_id = $1 AND c.model_version_id = $2 AND c.series_id = wanted.series_id AND c.sha256 = wanted.sha256`,
        [workspaceId, modelVersionId, series.map(({ seriesId }) => seriesId), series.map(({ sha256 }) => sha256)],
      ),
    async ripe(model, seriesIds) {
      const rows = await context.query<Omit<RipeForecast, 'quantiles'> & { quantiles: Buffer }>(
        `SELECT DISTINCT ON (f.series_id, f.model_version_id, f.cutoff_step) f.series_id::float8 AS "seriesId",
           f.model_version_id AS "modelVersionId", f.cutoff_step::float8 AS "cutoffStep", f.horizon, f.levels,
           array_send(coalesce(f.model_quantiles, f.quantiles)) AS quantiles, c.observed_until::float8 AS "observedUntil"
         FROM forecast f JOIN series s ON s.id = f.series_id
         JOIN run r ON r.id = f.run_id AND r.status = 'succeeded' AND NOT r.config ? 'cutoff'
         JOIN model_version mv ON mv.id = f.model_version_id JOIN model m ON m.id = mv.model_id AND m.name = $2
         LEFT JOIN LATERAL (SELECT max(observed_until) AS observed_until FROM calibration c
           WHERE c.model_version_id = f.model_version_id AND c.series_id = f.series_id) c ON true
         WHERE f.workspace_id = $1 AND m.workspace_id = $1 AND f.series_id = ANY ($3::bigint[])
           AND s.first_step + s.length - 1 > greatest(f.cutoff_step, c.observed_until)
           AND f.cutoff_step + f.horizon > coalesce(c.observed_until, f.cutoff_step)
         ORDER BY f.series_id, f.model_version_id, f.cutoff_step, f.made_at`,
        [workspaceId, model, seriesIds],
      );
      return rows.map((row) => ({ ...row, quantiles: toFloat64Array(row.quantiles) }));
    },
  };
}
