/**
 * The registry: models, their numbered versions, and the aliases that point at them.
 * Invariants: a version never changes; an alias points at one version at a time, and its past is kept.
 */
import { AlmanacError } from '@almanac/series';
import { IsNull, LessThan, LessThanOrEqual, MoreThan } from 'typeorm';
import type { Models } from '../facade.js';
import { ModelAliasEntity, ModelVersionEntity } from '../entities/models.js';
import { notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage, type Key } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { AliasName, Json, ModelRecord, ModelVersionRecord } from '../records.js';

const MODELS = `
  SELECT m.id, m.name, m.dataset_id AS "datasetId", d.name AS dataset, m.latest, m.created_at AS "createdAt",
    (SELECT a.version FROM model_alias a WHERE a.model_id = m.id AND a.alias = 'champion' AND a.to_at IS NULL) AS champion,
    (SELECT v.metrics -> 'standsIn' FROM model_alias a JOIN model_version v ON v.model_id = a.model_id AND v.no = a.version
     WHERE a.model_id = m.id AND a.alias = 'champion' AND a.to_at IS NULL) AS "standsIn"
  FROM model m JOIN dataset d ON d.id = m.dataset_id`;
const VERSIONS = `
  SELECT v.id, v.model_id AS "modelId", m.name AS model, v.no, v.run_id AS "runId", v.kind, v.horizon, v.config, v.metrics,
    v.manifest_key AS "manifestKey", v.weights_key AS "weightsKey", v.sha256, v.created_at AS "createdAt",
    (SELECT coalesce(array_agg(a.alias ORDER BY a.alias), '{}') FROM model_alias a
     WHERE a.model_id = v.model_id AND a.version = v.no AND a.to_at IS NULL) AS aliases,
    (SELECT coalesce(jsonb_object_agg(t.name, t.value), '{}') FROM model_version_tag t WHERE t.model_version_id = v.id) AS tags
  FROM model_version v JOIN model m ON m.id = v.model_id`;

export function models(context: Context): Models {
  const { workspaceId } = context;
  const list = (rest: string, values: unknown[]): Promise<ModelRecord[]> => context.query<Json & ModelRecord>(`${MODELS} ${rest}`, values);
  const listVersions = (rest: string, values: unknown[]): Promise<ModelVersionRecord[]> =>
    context.query<Json & ModelVersionRecord>(`${VERSIONS} ${rest}`, values);

  const find: Models['find'] = async (name) => {
    const [model] = await list('WHERE m.workspace_id = $1 AND m.name = $2', [workspaceId, name]);
    return model ?? null;
  };
  const get: Models['get'] = async (name) => {
    const model = await find(name);
    if (!model) throw notFound('model', name);
    return model;
  };
  const versionById: Models['versionById'] = async (id) => {
    const [version] = await listVersions('WHERE v.workspace_id = $1 AND v.id = $2', [workspaceId, id]);
    if (!version) throw notFound('model version', id);
    return version;
  };

  return {
    find,
    get,
    versionById,
    async ensure(name, datasetId) {
      await context.query('INSERT INTO model (id, workspace_id, name, dataset_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
        newId(),
        workspaceId,
        name,
        datasetId,
      ]);
      const model = await get(name);
      if (model.datasetId === datasetId) return model;
      throw new AlmanacError('MODEL_OF_OTHER_DATASET', `The model "${name}" forecasts the dataset "${model.dataset}".`, {
        hint: 'Choose another name for the model of this dataset.',
        subject: { model: name, dataset: model.dataset },
        status: 409,
      });
    },
    async list(query) {
      const after = keyOf(query, 1)?.[0] ?? '';
      const rows = await list('WHERE m.workspace_id = $1 AND m.name > $2 ORDER BY m.name LIMIT $3', [
        workspaceId,
        after,
        limitOf(query) + 1,
      ]);
      return toPage(rows, query, (model) => [model.name]);
    },
    addVersion: (modelId, version, options = {}) =>
      context.transaction(async (inside) => {
        const [next] = await inside.query<{ no: number }>(
          'UPDATE model SET latest = latest + 1 WHERE id = $1 AND workspace_id = $2 RETURNING latest AS no',
          [modelId, workspaceId],
        );
        if (!next) throw notFound('model', modelId);
        const id = newId();
        await inside.repository(ModelVersionEntity).insert({ ...version, id, workspaceId, modelId, no: next.no } as never);
        if (options.promoteIfFirst && !(await currentAlias(inside, modelId, 'champion'))) {
          await pointAlias(inside, modelId, 'champion', next.no, 'first version');
        }
        return models(inside).versionById(id);
      }),
    async version(name, which = {}) {
      const model = await get(name);
      const no = which.no ?? (await currentAlias(context, model.id, (which.alias ?? 'champion') as AliasName));
      const [version] =
        no === undefined
          ? []
          : await listVersions('WHERE v.workspace_id = $1 AND v.model_id = $2 AND v.no = $3', [workspaceId, model.id, no]);
      if (version) return version;
      throw notFound('model version', which.no === undefined ? `${name}@${which.alias ?? 'champion'}` : `${name}/${which.no}`);
    },
    async versions(name, query) {
      const model = await get(name);
      const before = keyOf(query, 1)?.[0] ?? 2 ** 31 - 1;
      const [tag, ...rest] = (query.tag ?? '').split('=');
      const tagged = `AND ($4 = '' OR EXISTS (SELECT FROM model_version_tag t WHERE t.model_version_id = v.id AND t.name = $4
        AND ($5::text IS NULL OR t.value = $5)))`;
      const rows = await listVersions(`WHERE v.model_id = $1 AND v.no < $2 ${tagged} ORDER BY v.no DESC LIMIT $3`, [
        model.id,
        before,
        limitOf(query) + 1,
        tag,
        rest.length > 0 ? rest.join('=') : null,
      ]);
      return toPage(rows, query, (version) => [version.no]);
    },
    latestMetrics: (limit) =>
      context.query<{ runId: string; metrics: Json }>(
        'SELECT run_id AS "runId", metrics FROM model_version WHERE workspace_id = $1 ORDER BY id DESC LIMIT $2',
        [workspaceId, limit],
      ),
    async tag(name, no, tags) {
      const { id } = await models(context).version(name, { no });
      await context.query('DELETE FROM model_version_tag WHERE model_version_id = $1 AND name = ANY ($2::text[])', [
        id,
        Object.keys(tags).filter((tag) => tags[tag] === null),
      ]);
      const set = Object.entries(tags).filter(([, value]) => value !== null);
      await context.query(
        `INSERT INTO model_version_tag (workspace_id, model_version_id, name, value) SELECT $1, $2, * FROM unnest($3::text[], $4::text[])
         ON CONFLICT (model_version_id, name) DO UPDATE SET value = excluded.value`,
        [workspaceId, id, set.map(([tag]) => tag), set.map(([, value]) => value)],
      );
      return models(context).version(name, { no });
    },
    async findVersion(name, by) {
      if ('learnedFrom' in by) {
        const learned = `WHERE v.workspace_id = $1 AND m.name = $2 AND v.no > $3::int AND v.config -> 'from' = to_jsonb($3::int)
          AND v.run_id IS DISTINCT FROM $4 ORDER BY v.no DESC LIMIT 1`;
        return (await listVersions(learned, [workspaceId, name, by.learnedFrom, by.notBy]))[0] ?? null;
      }
      const [column, value] = 'runId' in by ? ['v.run_id', by.runId] : ["v.metrics #>> '{imported,digest}'", by.importedDigest];
      const where = `WHERE v.workspace_id = $1 AND m.name = $2 AND ${column} = $3 ORDER BY v.no DESC LIMIT 1`;
      return (await listVersions(where, [workspaceId, name, value]))[0] ?? null;
    },
    setAlias: (name, alias, no, reason, instead) =>
      context.transaction(async (inside) => {
        const inTransaction = models(inside);
        const model = await inTransaction.get(name);
        // One change of aliases at a time per model.
        await inside.query('SELECT 1 FROM model WHERE id = $1 FOR UPDATE', [model.id]);
        await inTransaction.version(name, { no });
        const current = await currentAlias(inside, model.id, alias);
        if (instead !== undefined && current !== instead)
          throw new AlmanacError('ALIAS_MOVED', `Version ${instead} of "${name}" is ${alias} no more.`, {
            hint: 'Look at the history of the alias, and decide again.',
            subject: { model: name, alias, version: current ?? null },
            status: 409,
          });
        if (current !== no) await pointAlias(inside, model.id, alias, no, reason);
        return inTransaction.version(name, { no });
      }),
    rollBack: (name, of, reason) =>
      context.transaction(async (inside) => {
        const model = await models(inside).get(name);
        await inside.query('SELECT 1 FROM model WHERE id = $1 FOR UPDATE', [model.id]);
        const present = await inside.repository(ModelAliasEntity).findOneBy({ modelId: model.id, alias: 'champion', toAt: IsNull() });
        if (!present || present.version !== of || present.rollback) return null;
        // The history outlives versions that were deleted.
        const [before] = await inside.query<{ version: number }>(
          `SELECT a.version FROM model_alias a JOIN model_version v ON v.model_id = a.model_id AND v.no = a.version
           WHERE a.model_id = $1 AND a.alias = 'champion' AND a.to_at IS NOT NULL AND a.version <> $2 ORDER BY a.id DESC LIMIT 1`,
          [model.id, of],
        );
        if (!before) return null;
        await pointAlias(inside, model.id, 'champion', before.version, reason, true);
        return before.version;
      }),
    deleteVersion: (name, no) =>
      context.transaction(async (inside) => {
        const version = await models(inside).version(name, { no });
        // Nobody points an alias at it meanwhile, nor stores a forecast that rests on it.
        await inside.query('SELECT 1 FROM model WHERE id = $1 FOR UPDATE', [version.modelId]);
        await inside.query('SELECT 1 FROM model_version WHERE id = $1 FOR UPDATE', [version.id]);
        const { aliases } = await models(inside).versionById(version.id);
        const inUse = (why: string, hint: string): AlmanacError =>
          new AlmanacError('MODEL_VERSION_IN_USE', `Version ${no} of "${name}" ${why}.`, {
            hint,
            subject: { model: name, version: no },
            status: 409,
          });
        if (aliases.length > 0) throw inUse(`is ${aliases.join(' and ')}`, 'Point the alias at another version first.');
        const resting = await inside.query('SELECT 1 FROM forecast WHERE model_version_id = $1 LIMIT 1', [version.id]);
        if (resting.length > 0)
          throw inUse('made forecasts that are stored', 'They could not be replayed without it; it stays as long as they do.');
        const busy = await inside.query<{ id: string }>(
          `SELECT id FROM run WHERE workspace_id = $1 AND status IN ('queued', 'running') AND (config ->> 'modelVersionId' = $2
             OR EXISTS (SELECT FROM prediction p WHERE p.run_id = run.id AND p.request ->> 'versionId' = $2)) LIMIT 1`,
          [workspaceId, version.id],
        );
        if (busy.length > 0) throw inUse(`has a run that has not ended (${busy[0]!.id})`, 'Cancel the run, or wait for its end.');
        await inside.query('DELETE FROM model_version WHERE id = $1', [version.id]);
        return unneeded(inside, [version.manifestKey, version.weightsKey]);
      }),
    delete: (name, { forecasts }) =>
      context.transaction(async (inside) => {
        const model = await models(inside).get(name);
        await inside.query('SELECT 1 FROM model WHERE id = $1 FOR UPDATE', [model.id]);
        const inUse = (why: string, hint: string): AlmanacError =>
          new AlmanacError('MODEL_IN_USE', `The model "${name}" ${why}.`, { hint, subject: { model: name }, status: 409 });
        const busy = await inside.query(
          `SELECT 1 FROM run WHERE workspace_id = $1 AND model = $2 AND status IN ('queued', 'running') LIMIT 1`,
          [workspaceId, name],
        );
        if (busy.length > 0) throw inUse('has a run that has not ended', 'Cancel the run, or wait for its end.');
        const resting = await inside.query(
          'SELECT 1 FROM forecast f JOIN model_version v ON v.id = f.model_version_id WHERE v.model_id = $1 LIMIT 1',
          [model.id],
        );
        if (resting.length > 0 && !forecasts)
          throw inUse('made forecasts that are stored', 'Ask for the forecasts to be deleted with it (`forecasts=true`).');
        const keys = await inside.query<{ key: string }>(
          'SELECT unnest(ARRAY[manifest_key, weights_key]) AS key FROM model_version WHERE model_id = $1',
          [model.id],
        );
        await inside.query('DELETE FROM model WHERE id = $1', [model.id]);
        return unneeded(
          inside,
          keys.map(({ key }) => key),
        );
      }),
    async aliasHistory(name, query) {
      const model = await get(name);
      const before: Key | undefined = keyOf(query, 1);
      const where = { modelId: model.id, ...(before && { id: LessThan(String(before[0])) }) };
      const { at } = query;
      const true_ =
        at === undefined ? [where] : [null, MoreThan(at)].map((to) => ({ ...where, fromAt: LessThanOrEqual(at), toAt: to ?? IsNull() }));
      const rows = await context.repository(ModelAliasEntity).find({ where: true_, order: { id: 'DESC' }, take: limitOf(query) + 1 });
      return toPage(rows, query, (change) => [change.id]);
    },
  };
}

/** Objects are shared by content, across workspaces too. */
async function unneeded(context: Context, keys: readonly string[]): Promise<string[]> {
  const rows = await context.query<{ key: string }>(
    'SELECT DISTINCT key FROM unnest($1::text[]) AS key WHERE NOT EXISTS (SELECT 1 FROM model_version WHERE manifest_key = key OR weights_key = key)',
    [keys],
  );
  return rows.map(({ key }) => key);
}

async function currentAlias(context: Context, modelId: string, alias: AliasName): Promise<number | undefined> {
  return (await context.repository(ModelAliasEntity).findOneBy({ modelId, alias, toAt: IsNull() }))?.version;
}

async function pointAlias(
  context: Context,
  modelId: string,
  alias: AliasName,
  version: number,
  reason: string,
  rollback = false,
): Promise<void> {
  await context.query('UPDATE model_alias SET to_at = now() WHERE model_id = $1 AND alias = $2 AND to_at IS NULL', [modelId, alias]);
  await context.query(
    'INSERT INTO model_alias (id, workspace_id, model_id, alias, version, reason, rollback) VALUES ($1, $2, $3, $4, $5, $6, $7)',
    [newId(), context.workspaceId, modelId, alias, version, reason, rollback],
  );
}
