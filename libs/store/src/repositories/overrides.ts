/** Changes of stored forecasts. Ids ascend with time, and changes apply in their order. */
import { AlmanacError } from '@almanac/series';
import type { Overrides } from '../facade.js';
import { newId } from '../ids.js';
import type { Context } from '../postgres/context.js';
import type { OverrideRecord } from '../records.js';

const FIELDS = `o.id, o.run_id AS "runId", o.series_id::float8 AS "seriesId", s.unique_id AS "uniqueId", o.cutoff_step::float8 AS "cutoffStep",
  o.from_step::float8 AS "fromStep", o.to_step::float8 AS "toStep", o.change, o.amount, o.reason, o.made_at AS "madeAt", o.made_by AS "madeBy"`;

export function overrides(context: Context): Overrides {
  const { workspaceId } = context;
  return {
    async add({ runId, seriesId, cutoffStep, fromStep, toStep, change, amount, reason }) {
      const id = newId();
      await context.query(
        `INSERT INTO forecast_override (id, workspace_id, run_id, series_id, cutoff_step, from_step, to_step, change, amount, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [id, workspaceId, runId, seriesId, cutoffStep, fromStep, toStep, change, amount, reason],
      );
      const [row] = await context.query<OverrideRecord>(
        `SELECT ${FIELDS} FROM forecast_override o JOIN series s ON s.id = o.series_id WHERE o.workspace_id = $1 AND o.id = $2`,
        [workspaceId, id],
      );
      return row!;
    },
    async remove(runId, id) {
      const gone = await context.query('DELETE FROM forecast_override WHERE workspace_id = $1 AND run_id = $2 AND id = $3 RETURNING id', [
        workspaceId,
        runId,
        id,
      ]);
      if (gone.length === 0)
        throw new AlmanacError('OVERRIDE_NOT_FOUND', `The run ${runId} has no override ${id}.`, {
          hint: 'GET /v1/forecasts/{runId}/overrides lists those that it has.',
          subject: { run: runId, override: id },
          status: 404,
        });
    },
    any: async () => (await context.query('SELECT FROM forecast_override WHERE workspace_id = $1 LIMIT 1', [workspaceId])).length > 0,
    of: (runIds) =>
      context.query<OverrideRecord>(
        `SELECT ${FIELDS} FROM forecast_override o JOIN series s ON s.id = o.series_id
         WHERE o.workspace_id = $1 AND o.run_id = ANY ($2::uuid[]) ORDER BY o.id`,
        [workspaceId, runIds],
      ),
    async ofDataset(dataset, { model, most }) {
      const rows = await context.query<OverrideRecord>(
        `SELECT ${FIELDS} FROM forecast_override o JOIN series s ON s.id = o.series_id JOIN dataset d ON d.id = s.dataset_id
           JOIN forecast f ON f.run_id = o.run_id AND f.series_id = o.series_id AND f.cutoff_step = o.cutoff_step
           JOIN model_version mv ON mv.id = f.model_version_id JOIN model m ON m.id = mv.model_id
         WHERE o.workspace_id = $1 AND d.name = $2 AND ($3::text IS NULL OR m.name = $3) ORDER BY o.id DESC LIMIT $4`,
        [workspaceId, dataset, model ?? null, most],
      );
      return rows.reverse();
    },
  };
}
