/**
 * Sources as they are made, changed and read. A secret comes in and never goes out: a source that is pointed at another server
 * needs it anew, so that nobody who may change a source is sent what somebody else has put into it.
 */
import {
  type Page,
  problem,
  pullResult,
  type Source,
  source as sourceSchema,
  type SourceFrom,
  type SourceOptions,
  sourcePatch,
  type SourcePatchInput,
  sourceRequest,
  type SourceRequestInput,
} from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { PageQuery, SourceRecord } from '@almanac/store';
import { checkOptions } from '../ingest/request.js';
import { refuseOver } from '../quota/refuse.js';
import type { FlowContext } from '../runs/context.js';
import { readSource } from './read.js';

type Context = Pick<FlowContext, 'store'>;

/** @throws AlmanacError SOURCE_EXISTS, SOURCE_SECRET_NEEDED, SOURCE_REPLACES, SOURCE_GATHERS, QUOTA_EXCEEDED, and as uploads */
export async function createSource(context: Pick<FlowContext, 'store' | 'quotas'>, input: SourceRequestInput): Promise<Source> {
  const { name, from, secret, options } = sourceRequest.parse(input);
  check(name, from, options, secret !== undefined);
  const made = await context.store.transaction(async (within) => {
    await refuseOver(context, within, 'sources');
    return within.sources.create({ name, from, secret, options });
  });
  return toSource(made);
}

/** @throws AlmanacError SOURCE_NOT_FOUND, and as where it is made */
export async function updateSource({ store }: Context, name: string, input: SourcePatchInput): Promise<Source> {
  const patch = sourcePatch.parse(input);
  return store.transaction(async (within) => {
    await within.hold('source', name);
    const record = await within.sources.get(name);
    const before = readSource(record);
    const from = patch.from ?? before.from;
    const options = patch.options ?? before.options;
    if (record.hasSecret && patch.secret === undefined && serverOf(from) !== serverOf(before.from))
      throw new AlmanacError(
        'SOURCE_SECRET_NEEDED',
        `"${name}" would read another server, or as somebody else, with the secret of the one before.`,
        {
          hint: 'Give the secret again with the change, or null for none.',
          subject: { source: name },
          status: 409,
        },
      );
    check(name, from, options, patch.secret === undefined ? record.hasSecret : patch.secret !== null);
    const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
    const anew = !same(from, before.from) || !same(options, before.options);
    return toSource(await within.sources.update(name, { from, options, secret: patch.secret, anew }));
  });
}

/** @throws AlmanacError SOURCE_NOT_FOUND */
export async function getSource({ store }: Context, name: string): Promise<Source> {
  return toSource(await store.sources.get(name));
}

export async function listSources({ store }: Context, query: PageQuery & { dataset?: string | undefined }): Promise<Page<Source>> {
  const { items, next } = await store.sources.list(query);
  return { items: items.map(toSource), next };
}

/** What was stored of it stays. @throws AlmanacError SOURCE_NOT_FOUND */
export async function deleteSource({ store }: Context, name: string): Promise<void> {
  await store.sources.delete(name);
}

/** Who is given the secret. */
function serverOf(from: SourceFrom): string {
  if (from.kind === 's3') return JSON.stringify([from.kind, from.endpoint ?? null, from.region, from.accessKeyId]);
  const { protocol, host, username, searchParams } = new URL(from.url);
  return JSON.stringify([from.kind, protocol, host, username, from.kind === 'postgres' ? searchParams.get('sslmode') : null]);
}

/** Where each reading brings a part of the rows: what is wrong for a part. */
function check(name: string, from: SourceFrom, options: SourceOptions, hasSecret: boolean): void {
  checkOptions({ ...options, dryRun: false });
  const subject = { source: name };
  if (from.kind === 's3' && !hasSecret)
    throw new AlmanacError('SOURCE_SECRET_NEEDED', `"${name}" has an access key and no secret key.`, {
      hint: 'Give the secret key as the secret.',
      subject,
      status: 422,
    });
  if (from.kind !== 's3' && (from.kind !== 'postgres' || from.watermark === undefined)) return;
  const part = from.kind === 's3' ? 'new objects' : `rows from the watermark "${from.watermark}" on`;
  if (options.mode === 'replace')
    throw new AlmanacError(
      'SOURCE_REPLACES',
      `Each reading of "${name}" brings ${part} only, and would replace all that was stored before.`,
      {
        hint: from.kind === 's3' ? 'Let it append.' : 'Let it append, or read everything each time: leave the watermark out.',
        subject,
        status: 422,
      },
    );
  if (options.aggregation !== undefined)
    throw new AlmanacError(
      'SOURCE_GATHERS',
      `Each reading of "${name}" brings ${part} only: a step whose events come with two readings would be the ${options.aggregation} of the later ones.`,
      {
        hint:
          from.kind === 's3'
            ? 'Put one row a step into the files, and leave the aggregation out.'
            : 'Gather in the query (GROUP BY), with the time of the step as its watermark; or leave the watermark out.',
        subject,
        status: 422,
      },
    );
}

function toSource(record: SourceRecord): Source {
  const { id, name, hasSecret, createdAt, runId, runStatus, runAt } = record;
  const { from, options, state } = readSource(record);
  const result = pullResult.safeParse(record.runResult).data;
  const failure = problem.safeParse(record.runError).data;
  return sourceSchema.parse({
    id,
    name,
    from,
    hasSecret,
    options,
    watermark: state.watermark ?? null,
    storedAt: state.storedAt ?? null,
    last:
      runId === null
        ? null
        : {
            runId,
            status: runStatus,
            at: runAt!.toISOString(),
            outcome: result?.outcome ?? null,
            error: failure ?? null,
            ingestRunIds: result?.ingestRunIds ?? [],
            ingestsOpen: record.ingests.open,
            ingestsFailed: record.ingests.failed,
          },
    createdAt: createdAt.toISOString(),
  });
}
