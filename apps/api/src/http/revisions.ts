/**
 * `etag` and `If-Match` of what can be changed: whoever reads it learns its tag, alone (also as the header `ETag`) or in a list, and
 * whoever sends that tag with a change changes only what they have read; else 412 with what it is now.
 *
 * Invariants: a tag stands for what people set, not for what passes by itself (the next due time of a schedule), and for which one it
 * is, where a name may be given again; the tag is compared and the change is made in one transaction that holds the row, so nothing
 * comes between the two. What is known by an id of its own and never changes (keys, invitations) needs no tag. A condition is never
 * left unread: whoever sends one where there is nothing to compare is refused, and nothing is changed.
 */
import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { type EndpointName, keptName, type QuotaList } from '@almanac/contracts';
import { getWebhook } from '@almanac/flow/notify';
import { getDataset, getModelVersion } from '@almanac/flow/query';
import { listQuotas } from '@almanac/flow/quota';
import { getRetention } from '@almanac/flow/retention';
import type { FlowContext } from '@almanac/flow/runs';
import { getSource } from '@almanac/flow/pull';
import { getSchedule } from '@almanac/flow/schedule';
import { AlmanacError, isAlmanacError } from '@almanac/series';
import type { Holdable } from '@almanac/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { from, lastValueFrom, map, type Observable } from 'rxjs';
import { callerOf, CONTEXT, setCaller } from './caller.js';
import { endpointOf } from './endpoint.js';
import { refuseOthers } from './operator.js';

type Params = Readonly<Record<string, string>>;
type Set = Readonly<Record<string, unknown>>;

interface Revised {
  /** The row that is held while it is compared and changed. */
  row: (params: Params) => [Holdable, string];
  current: (flow: FlowContext, params: Params) => Promise<object>;
  /** What people set of it. */
  of: (value: object) => Set;
  /** Others do not see it. */
  operatorOnly?: true;
}

const fields =
  (...names: string[]) =>
  (value: object): Set =>
    Object.fromEntries(names.map((name) => [name, (value as Record<string, unknown>)[name] ?? null]));

const schedule: Revised = {
  row: (params) => ['schedule', params['schedule']!],
  current: (flow, params) => getSchedule(flow, params['schedule']!),
  of: fields('id', 'cron', 'timeZone', 'paused', 'action', 'overlap', 'catchUp', 'catchUpLimit'),
};
const source: Revised = {
  row: (params) => ['source', params['source']!],
  current: (flow, params) => getSource(flow, params['source']!),
  of: fields('id', 'from', 'hasSecret', 'options'),
};
const webhook: Revised = {
  row: (params) => ['webhook', params['webhookId']!],
  current: (flow, params) => getWebhook(flow, params['webhookId']!),
  of: fields('url', 'events', 'description', 'enabled', 'previousSecretUntil'),
};
const dataset: Revised = {
  row: (params) => ['dataset', params['dataset']!],
  current: (flow, params) => getDataset(flow, params['dataset']!),
  of: fields('id', 'keepDays', 'seasonLengths'),
};
/** Which version bears it, and its tags. */
const alias: Revised = {
  row: (params) => ['model', params['model']!],
  current: (flow, params) => getModelVersion(flow, params['model']!, wanted(params['alias'] ?? params['version']!)),
  of: fields('model', 'version', 'runId', 'tags'),
};
/** Which versions it has, and which of them answers. */
const model: Revised = {
  row: (params) => ['model', params['model']!],
  async current({ store }, params) {
    const { createdAt, ...found } = await store.models.get(params['model']!);
    return { ...found, createdAt: createdAt.toISOString() };
  },
  of: fields('name', 'dataset', 'latest', 'champion', 'createdAt'),
};
const member: Revised = {
  row: (params) => ['member', params['userId']!],
  current: ({ store }, params) => store.members.get(params['userId']!),
  of: fields('userId', 'role'),
};
const quotas: Revised = {
  row: (params) => ['workspace', params['workspace']!],
  async current(flow, params) {
    const { id } = await flow.store.workspaces.find(params['workspace']!);
    return listQuotas({ ...flow, store: flow.store.forWorkspace(id) });
  },
  of: (value) => Object.fromEntries((value as QuotaList).items.map(({ name, limit }) => [name, limit])),
  operatorOnly: true,
};
const retention: Revised = {
  row: () => ['retention', ''],
  current: (flow) => getRetention(flow),
  of: fields(...keptName.options),
};
const workspace: Revised = {
  row: (params) => ['workspace', params['workspace']!],
  async current(flow, params) {
    const { name, createdAt } = await flow.store.workspaces.find(params['workspace']!);
    return { name, createdAt: createdAt.toISOString() };
  },
  of: fields('name', 'createdAt'),
  operatorOnly: true,
};

const wanted = (version: string): number | 'champion' | 'challenger' =>
  version === 'champion' || version === 'challenger' ? version : Number(version);

export const REVISED: Partial<Record<EndpointName, Revised>> = {
  getSchedule: schedule,
  updateSchedule: schedule,
  deleteSchedule: schedule,
  getSource: source,
  updateSource: source,
  deleteSource: source,
  getWebhook: webhook,
  updateWebhook: webhook,
  deleteWebhook: webhook,
  getDataset: dataset,
  updateDataset: dataset,
  deleteDataset: dataset,
  deleteSeries: dataset,
  getModelVersion: alias,
  setModelAlias: alias,
  tagModelVersion: alias,
  deleteModelVersion: alias,
  deleteModel: model,
  changeMember: member,
  removeMember: member,
  listQuotas: quotas,
  workspaceQuotas: quotas,
  setQuotas: quotas,
  getRetention: retention,
  setRetention: retention,
  renameWorkspace: workspace,
  deleteWorkspace: workspace,
};
/** Each item of these has its tag. */
const LISTS: Partial<Record<EndpointName, Revised>> = {
  listSchedules: schedule,
  listSources: source,
  listWebhooks: webhook,
  listDatasets: dataset,
  listModels: model,
  listModelVersions: alias,
  listMembers: member,
  listWorkspaces: workspace,
};
/** They answer with a certificate, which is nothing to change. */
const ERASING: ReadonlySet<EndpointName> = new Set(['deleteDataset', 'deleteSeries', 'deleteWorkspace']);

const tagOf = ({ of }: Revised, value: object): string =>
  `"${createHash('sha256')
    .update(JSON.stringify(Object.values(of(value))))
    .digest('hex')
    .slice(0, 32)}"`;
const tagged = <T extends object>(revised: Revised, value: T): T => ({ ...value, etag: tagOf(revised, value) });

@Injectable()
export class RevisionInterceptor implements NestInterceptor {
  constructor(@Inject(CONTEXT) private readonly context: FlowContext) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const [request, reply] = [http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>()];
    const { name } = endpointOf(context);
    const inList = LISTS[name];
    const expected = request.method === 'GET' ? undefined : request.headers['if-match'];
    if (inList)
      return next.handle().pipe(map((page: { items: object[] }) => ({ ...page, items: page.items.map((one) => tagged(inList, one)) })));
    const revised = REVISED[name];
    if (!revised) {
      if (expected !== undefined) throw nothingToCompare(name);
      return next.handle();
    }
    const withRevision = map((answer: unknown) => {
      if (ERASING.has(name) || typeof answer !== 'object' || answer === null) return answer;
      void reply.header('etag', tagOf(revised, answer));
      return tagged(revised, answer);
    });
    if (expected === undefined) return next.handle().pipe(withRevision);
    return from(this.changeIf(expected, revised, request, reply, next)).pipe(withRevision);
  }

  private async changeIf(
    expected: string,
    revised: Revised,
    request: FastifyRequest,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<unknown> {
    const caller = callerOf(request)!;
    if (revised.operatorOnly) refuseOthers(this.context, caller.flow.store);
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
}

const nothingToCompare = (name: EndpointName): AlmanacError =>
  new AlmanacError('IF_MATCH_NOT_TAKEN', `The request "${name}" takes no If-Match: what it changes has no ETag. Nothing was changed.`, {
    hint: 'Send it without If-Match.',
    subject: { endpoint: name, header: 'If-Match' },
    status: 400,
  });

function changed({ of }: Revised, current: object | undefined, tag: string | undefined, reply: FastifyReply): AlmanacError {
  if (tag !== undefined) void reply.header('etag', tag);
  return new AlmanacError(
    'CHANGED_MEANWHILE',
    current ? 'Somebody else has changed it since you read it: nothing was changed.' : 'It is not there any more: nothing was changed.',
    {
      hint: 'Read it again, decide again, and send its ETag as If-Match.',
      subject: { current: current ? of(current) : null, etag: tag ?? null },
      status: 412,
    },
  );
}
