/**
 * `ETag` and `If-Match` of what can be changed: whoever reads it learns its tag, and whoever sends that tag with a change changes only
 * what they have read; else 412 with what it is now.
 *
 * Invariants: a tag stands for what people set, not for what passes by itself (the next due time of a schedule); the tag is compared
 * and the change is made in one transaction that holds the row, so nothing comes between the two.
 */
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { EndpointName } from '@almanac/contracts';
import { getWebhook } from '@almanac/flow/notify';
import { getDataset, getModelVersion } from '@almanac/flow/query';
import type { FlowContext } from '@almanac/flow/runs';
import { getSchedule } from '@almanac/flow/schedule';
import { AlmanacError, isAlmanacError } from '@almanac/series';
import type { Holdable } from '@almanac/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { from, lastValueFrom, type Observable, tap } from 'rxjs';
import { callerOf, setCaller } from './caller.js';
import { endpointOf } from './endpoint.js';

type Params = Readonly<Record<string, string>>;

interface Revised {
  /** The row that is held while it is compared and changed. */
  row: (params: Params) => [Holdable, string];
  current: (flow: FlowContext, params: Params) => Promise<object>;
  /** What people set of it. */
  fields: readonly string[];
}

const schedule: Revised = {
  row: (params) => ['schedule', params['schedule']!],
  current: (flow, params) => getSchedule(flow, params['schedule']!),
  fields: ['cron', 'timeZone', 'paused', 'action', 'overlap', 'catchUp', 'catchUpLimit'],
};
const webhook: Revised = {
  row: (params) => ['webhook', params['webhookId']!],
  current: (flow, params) => getWebhook(flow, params['webhookId']!),
  fields: ['url', 'events', 'description', 'enabled'],
};
const dataset: Revised = {
  row: (params) => ['dataset', params['dataset']!],
  current: (flow, params) => getDataset(flow, params['dataset']!),
  fields: ['keepDays', 'seasonLengths'],
};
/** By the number of the version that bears it, and its tags. */
const alias: Revised = {
  row: (params) => ['model', params['model']!],
  current: (flow, params) => getModelVersion(flow, params['model']!, wanted(params['alias'] ?? params['version']!)),
  fields: ['model', 'version', 'tags'],
};

const wanted = (version: string): number | 'champion' | 'challenger' =>
  version === 'champion' || version === 'challenger' ? version : Number(version);

export const REVISED: Partial<Record<EndpointName, Revised>> = {
  getSchedule: schedule,
  updateSchedule: schedule,
  deleteSchedule: schedule,
  getWebhook: webhook,
  updateWebhook: webhook,
  deleteWebhook: webhook,
  getDataset: dataset,
  updateDataset: dataset,
  getModelVersion: alias,
  setModelAlias: alias,
  tagModelVersion: alias,
};

const tagOf = ({ fields }: Revised, value: object): string => {
  const set = fields.map((field) => (value as Record<string, unknown>)[field] ?? null);
  return `"${createHash('sha256').update(JSON.stringify(set)).digest('hex').slice(0, 32)}"`;
};

@Injectable()
export class RevisionInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const [request, reply] = [http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>()];
    const revised = REVISED[endpointOf(context).name];
    if (!revised) return next.handle();
    const told = (answer: unknown): void => {
      if (typeof answer === 'object' && answer !== null) void reply.header('etag', tagOf(revised, answer));
    };
    const expected = request.headers['if-match'];
    if (expected === undefined || request.method === 'GET') return next.handle().pipe(tap(told));
    return from(changeIf(expected, revised, request, reply, next)).pipe(tap(told));
  }
}

async function changeIf(
  expected: string,
  revised: Revised,
  request: FastifyRequest,
  reply: FastifyReply,
  next: CallHandler,
): Promise<unknown> {
  const caller = callerOf(request)!;
  const params = request.params as Params;
  try {
    return await caller.flow.store.transaction(async (store) => {
      const flow = { ...caller.flow, store };
      await store.hold(...revised.row(params));
      const current = await revised.current(flow, params).catch((error: unknown) => {
        // An alias that nobody bears is not what the client has read.
        if (isAlmanacError(error) && error.status === 404) return undefined;
        throw error;
      });
      const tag = current && tagOf(revised, current);
      const accepted = expected.split(',').map((one) => one.trim());
      if (tag === undefined || !(accepted.includes('*') || accepted.includes(tag))) throw changed(revised, current, tag, reply);
      setCaller(request, { ...caller, flow });
      return lastValueFrom(next.handle(), { defaultValue: undefined });
    });
  } finally {
    setCaller(request, caller);
  }
}

function changed({ fields }: Revised, current: object | undefined, tag: string | undefined, reply: FastifyReply): AlmanacError {
  if (tag !== undefined) void reply.header('etag', tag);
  const shown = current && Object.fromEntries(fields.map((field) => [field, (current as Record<string, unknown>)[field] ?? null]));
  return new AlmanacError(
    'CHANGED_MEANWHILE',
    `It ${current ? 'is not what it was when you read it' : 'is not there'}: nothing was changed.`,
    {
      hint: 'Read it again, decide again, and send its ETag as If-Match.',
      subject: { current: shown ?? null, etag: tag ?? null },
      status: 412,
    },
  );
}
