/** API keys, uploads and workers. */
import { AlmanacError } from '@almanac/series';
import { IsNull, MoreThan, Raw } from 'typeorm';
import type { ApiKeys, Uploads, Workers } from '../facade.js';
import { ApiKeyEntity, UploadEntity, WorkerEntity } from '../entities/keys.js';
import { notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { ApiKeyRecord, DatasetVersionRecord } from '../records.js';
import { holdObject } from './erasures.js';
import { INLINE, packAppends } from './packs.js';
import { versionRows } from './versionRows.js';

const ADMINS = `workspace_id = $1 AND revoked_at IS NULL AND expires_at IS NULL AND 'admin' = ANY (scopes)`;
const OPENS = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())';

export function apiKeys(context: Context): ApiKeys {
  const { workspaceId } = context;
  const keys = context.repository(ApiKeyEntity);
  // Whose key it is, is what is asked.
  const all = context.everywhere();
  const everybodys = all.repository(ApiKeyEntity);
  const findByHash = (hash: string): Promise<ApiKeyEntity | null> =>
    everybodys.findOneBy({ hash, revokedAt: IsNull(), expiresAt: Raw((column) => `(${column} IS NULL OR ${column} > now())`) });
  const create: ApiKeys['create'] = async (key) => {
    const id = newId();
    await keys.insert({ ...key, scopes: [...key.scopes], id, workspaceId });
    return keys.findOneByOrFail({ id });
  };
  return {
    create,
    rotate: (id, key, overlapMs) =>
      context.transaction(async (inside) => {
        const [old] = await inside.query<{ name: string; scopes: string[]; until: Date; expiresAt: Date | null }>(
          `UPDATE api_key k SET expires_at = least(before.expires_at, now() + $3 * interval '1 millisecond')
           FROM (SELECT * FROM api_key WHERE id = $1 AND workspace_id = $2 AND ${OPENS} FOR UPDATE) AS before WHERE k.id = before.id
           RETURNING k.name, k.scopes, k.expires_at AS until, now() + (before.expires_at - before.created_at) AS "expiresAt"`,
          [id, workspaceId, overlapMs],
        );
        if (!old) throw notFound('API key', id);
        const { name, scopes, until, expiresAt } = old;
        return { made: await apiKeys(inside).create({ ...key, name, scopes, expiresAt }), previousUntil: until };
      }),
    async ensure(key) {
      await context.query(
        `INSERT INTO api_key (id, workspace_id, name, prefix, hash, scopes) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hash) DO NOTHING`,
        [newId(), context.workspaceId, key.name, key.prefix, key.hash, key.scopes],
      );
      return findByHash(key.hash);
    },
    async known(hashes) {
      const rows = await all.query<{ hash: string }>(`SELECT hash FROM api_key WHERE hash = ANY ($1) AND ${OPENS}`, [hashes]);
      return new Set(rows.map(({ hash }) => hash));
    },
    async findByHash(hash): Promise<ApiKeyRecord | null> {
      const key = await findByHash(hash);
      if (!key) return null;
      await all.query(
        `UPDATE api_key SET last_used_at = now() WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
        [key.id],
      );
      return key;
    },
    async list(query) {
      const after = keyOf(query, 1);
      const where = { workspaceId, revokedAt: IsNull(), ...(after && { id: MoreThan(String(after[0])) }) };
      return toPage(await keys.find({ where, order: { id: 'ASC' }, take: limitOf(query) + 1 }), query, (key) => [key.id]);
    },
    revoke: (id) =>
      context.transaction(async (inside) => {
        // Whoever revokes another admin key at the same time waits here, and then counts without this one.
        const admins = await inside.query<{ id: string }>(`SELECT id FROM api_key WHERE ${ADMINS} ORDER BY id FOR UPDATE`, [workspaceId]);
        if (admins.length === 1 && admins[0]!.id === id)
          throw new AlmanacError(
            'API_KEY_LAST_ADMIN',
            'This is the last admin key of the workspace: without it nobody could make another one.',
            {
              hint: 'Make another admin key first (almanac keys create NAME --scopes admin), and revoke this one with it.',
              subject: { id },
              status: 409,
            },
          );
        const gone = await inside.query(
          'UPDATE api_key SET revoked_at = now() WHERE id = $1 AND workspace_id = $2 AND revoked_at IS NULL RETURNING 1',
          [id, workspaceId],
        );
        if (gone.length !== 1) throw notFound('API key', id);
      }),
    async admins() {
      const [row] = await context.query<{ n: number }>(`SELECT count(*)::int AS n FROM api_key WHERE ${ADMINS}`, [workspaceId]);
      return row!.n;
    },
  };
}

export function uploads(context: Context): Uploads {
  const table = context.repository(UploadEntity);
  const { workspaceId } = context;
  const get: Uploads['get'] = async (id) => {
    const upload = await table.findOneBy({ id, workspaceId });
    if (!upload) throw notFound('upload', id);
    return upload;
  };
  return {
    get,
    async create(upload) {
      const { id = newId(), ...rest } = upload;
      const row = { objectKey: INLINE, ...rest, id, workspaceId };
      await context.transaction(async (inside) => {
        // Whoever erases the same content judges after this, or is done before.
        if (row.objectKey !== INLINE) await holdObject(inside, row.objectKey);
        await inside.repository(UploadEntity).insert(row as never);
      });
      return get(id);
    },
    async remove(id) {
      await table.delete({ id, workspaceId });
    },
    pack: (put) => packAppends(context, put),
    async findCommitted(dataset, sha256, mapping): Promise<DatasetVersionRecord | null> {
      const rows = await versionRows(
        context,
        `JOIN dataset d ON d.id = v.dataset_id
         WHERE v.workspace_id = $1 AND d.name = $2 AND u.sha256 = $3 AND u.mapping = $4::jsonb ORDER BY v.no DESC LIMIT 1`,
        [workspaceId, dataset, sha256, JSON.stringify(mapping)],
      );
      return rows[0] ?? null;
    },
  };
}

/** They serve every workspace. */
export function workers(one: Context): Workers {
  const context = one.everywhere();
  const table = context.repository(WorkerEntity);
  return {
    async beat(worker) {
      await context.query(
        `INSERT INTO worker (id, workspace_id, engine, busy_with, resources, clock_skew_ms) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET engine = excluded.engine, busy_with = excluded.busy_with, resources = excluded.resources,
           clock_skew_ms = excluded.clock_skew_ms, seen_at = now()`,
        [
          worker.id,
          context.workspaceId,
          worker.engine && JSON.stringify(worker.engine),
          worker.busyWith,
          worker.resources && JSON.stringify(worker.resources),
          worker.clockSkewMs ?? null,
        ],
      );
    },
    async remove(id) {
      await table.delete({ id });
    },
    async list(seenWithinMs) {
      // Both ends by the database's clock. Workers that died without a word leave a row each; a day later nobody asks for them.
      await context.query(`DELETE FROM worker WHERE seen_at < now() - interval '1 day'`);
      return table.find({
        where: { seenAt: Raw((column) => `${column} > now() - :seenWithinMs * interval '1 millisecond'`, { seenWithinMs }) },
        order: { startedAt: 'ASC' },
      });
    },
  };
}
