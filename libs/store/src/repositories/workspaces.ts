/** Workspaces: the tenants. A store sees one; these few questions are about all of them. */
import { AlmanacError } from '@almanac/series';
import { MoreThan } from 'typeorm';
import type { Workspaces } from '../facade.js';
import { WorkspaceEntity } from '../entities/keys.js';
import { isDuplicate, notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import { dropLogin } from '../schema/roles.js';
import { eraseWorkspace } from './erasures.js';

/** Every table of a workspace that nothing else takes with it, in an order that the foreign keys allow. */
const TABLES = ['webhook', 'schedule', 'series_chunk', 'dataset', 'run', 'upload', 'api_key', 'idempotency_key', 'grid_step', 'worker'];

const HAVING = {
  runs: `SELECT DISTINCT workspace_id AS id FROM run WHERE status IN ('queued', 'running') AND $1::timestamptz IS NOT NULL`,
  retention:
    'SELECT DISTINCT workspace_id AS id FROM dataset WHERE keep_days IS NOT NULL AND first_step IS NOT NULL AND $1::timestamptz IS NOT NULL',
  kept: 'SELECT DISTINCT workspace_id AS id FROM retention WHERE $1::timestamptz IS NOT NULL',
  schedules: 'SELECT DISTINCT workspace_id AS id FROM schedule WHERE NOT paused AND next_due_at <= $1',
  deliveries: `SELECT DISTINCT workspace_id AS id FROM webhook_delivery WHERE status = 'pending' AND next_attempt_at <= now() AND $1::timestamptz IS NOT NULL`,
};

export function workspaces(context: Context): Workspaces {
  const all = context.everywhere();
  const table = all.repository(WorkspaceEntity);
  const find: Workspaces['find'] = async (name) => {
    const workspace = await table.findOneBy({ name });
    if (!workspace) throw notFound('workspace', name);
    return workspace;
  };
  const taken = (name: string, error: unknown): unknown =>
    isDuplicate(error)
      ? new AlmanacError('WORKSPACE_EXISTS', `There is a workspace "${name}" already.`, {
          hint: 'Choose another name.',
          subject: { workspace: name },
          status: 409,
        })
      : error;
  return {
    find,
    get: () => table.findOneByOrFail({ id: context.workspaceId }),
    async create(name) {
      try {
        await table.insert({ id: newId(), name });
      } catch (error) {
        throw taken(name, error);
      }
      return find(name);
    },
    async list(query) {
      const after = keyOf(query, 1);
      const where = after ? { name: MoreThan(String(after[0])) } : {};
      return toPage(await table.find({ where, order: { name: 'ASC' }, take: limitOf(query) + 1 }), query, ({ name }) => [name]);
    },
    async rename(name, to) {
      const { id } = await find(name);
      try {
        await table.update({ id }, { name: to });
      } catch (error) {
        throw taken(to, error);
      }
      return find(to);
    },
    delete: (name) =>
      all.transaction(async (inside) => {
        const { id } = await workspaces(inside).find(name);
        // Whoever adds to it waits, and finds it gone.
        await inside.query('SELECT 1 FROM workspace WHERE id = $1 FOR UPDATE', [id]);
        const [busy] = await inside.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM run WHERE workspace_id = $1 AND status IN ('queued', 'running')`,
          [id],
        );
        if (busy!.n > 0) {
          throw new AlmanacError('WORKSPACE_BUSY', `${busy!.n} runs of the workspace "${name}" have not ended.`, {
            hint: 'Wait for them, or cancel them, and delete the workspace then.',
            subject: { workspace: name, runs: busy!.n },
            status: 409,
          });
        }
        return eraseWorkspace(inside, id, name, async () => {
          const logins = await inside.query<{ role: string }>('SELECT role::text FROM sql_user WHERE workspace_id = $1', [id]);
          for (const { role } of logins) await inside.withClient((client) => dropLogin(client, role));
          for (const one of TABLES) await inside.query(`DELETE FROM ${one} WHERE workspace_id = $1`, [id]);
          await inside.query('DELETE FROM workspace WHERE id = $1', [id]);
        });
      }),
    async having(kind, now) {
      return (await all.query<{ id: string }>(HAVING[kind], [now])).map(({ id }) => id);
    },
  };
}
