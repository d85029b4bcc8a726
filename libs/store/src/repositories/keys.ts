/** API keys, uploads and workers. */
import { IsNull, LessThan, MoreThan } from 'typeorm';
import type { ApiKeys, Uploads, Workers } from '../facade.js';
import { ApiKeyEntity, UploadEntity, WorkerEntity } from '../entities/keys.js';
import { isDuplicate, notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { ApiKeyRecord, DatasetVersionRecord } from '../records.js';
import { versionRows } from './versionRows.js';

const USE_NOTED_EVERY_MS = 60_000;

export function apiKeys(context: Context): ApiKeys {
  const keys = context.repository(ApiKeyEntity);
  const findByHash = (hash: string): Promise<ApiKeyEntity | null> => keys.findOneBy({ hash, revokedAt: IsNull() });
  const create: ApiKeys['create'] = async (key) => {
    const id = newId();
    await keys.insert({ ...key, scopes: [...key.scopes], id, workspaceId: context.workspaceId });
    return keys.findOneByOrFail({ id });
  };
  return {
    create,
    async ensure(key) {
      const known = await findByHash(key.hash);
      if (known) return known;
      try {
        return await create(key);
      } catch (error) {
        const made = isDuplicate(error) ? await findByHash(key.hash) : null;
        if (made) return made;
        throw error;
      }
    },
    async findByHash(hash): Promise<ApiKeyRecord | null> {
      const key = await findByHash(hash);
      if (!key) return null;
      const now = new Date();
      if (!key.lastUsedAt || now.getTime() - key.lastUsedAt.getTime() > USE_NOTED_EVERY_MS)
        await keys.update({ id: key.id }, { lastUsedAt: now });
      return key;
    },
    async list(query) {
      const after = keyOf(query, 1);
      const where = { workspaceId: context.workspaceId, revokedAt: IsNull(), ...(after && { id: MoreThan(String(after[0])) }) };
      return toPage(await keys.find({ where, order: { id: 'ASC' }, take: limitOf(query) + 1 }), query, (key) => [key.id]);
    },
    async revoke(id) {
      const { affected } = await keys.update({ id, workspaceId: context.workspaceId, revokedAt: IsNull() }, { revokedAt: new Date() });
      if (affected !== 1) throw notFound('API key', id);
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
      const id = newId();
      await table.insert({ ...upload, id, workspaceId } as never);
      return get(id);
    },
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

export function workers(context: Context): Workers {
  const table = context.repository(WorkerEntity);
  return {
    async beat(worker) {
      await context.query(
        `INSERT INTO worker (id, workspace_id, engine, busy_with, resources) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET engine = excluded.engine, busy_with = excluded.busy_with, resources = excluded.resources,
           seen_at = now()`,
        [
          worker.id,
          context.workspaceId,
          worker.engine && JSON.stringify(worker.engine),
          worker.busyWith,
          worker.resources && JSON.stringify(worker.resources),
        ],
      );
    },
    async remove(id) {
      await table.delete({ id });
    },
    async list(seenWithinMs) {
      const since = new Date(Date.now() - seenWithinMs);
      // Workers that died without a word leave a row each; a day later nobody asks for them.
      await table.delete({ seenAt: LessThan(new Date(Date.now() - 86_400_000)) });
      return table.find({ where: { seenAt: MoreThan(since) }, order: { startedAt: 'ASC' } });
    },
  };
}
