/** The audit log, as it is read and taken away. */
import type { AuditEntry, AuditFilter, AuditVerdict, Page } from '@almanac/contracts';
import { type Cell, csvOf } from '@almanac/contracts/csv';
import type { AuditEntryRecord, AuditQuery, Json, PageQuery } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';
import { instantAt } from './grid.js';

type Source = Pick<FlowContext, 'store'>;

export async function listAudit({ store }: Source, query: AuditFilter & PageQuery): Promise<Page<AuditEntry>> {
  const { after, limit, ...filter } = query;
  const { items, next } = await store.audit.list({ ...asked(filter), after, limit });
  return { items: items.map(toEntry), next };
}

export async function* auditLines({ store }: Source, filter: AuditFilter): AsyncGenerator<string> {
  for await (const entry of store.audit.stream(asked(filter))) yield `${JSON.stringify(toEntry(entry))}\n`;
}

const HEAD = [
  ...['no', 'at', 'actor_kind', 'actor_id', 'actor', 'action', 'object_kind', 'object_id', 'object'],
  ...['before', 'after', 'address', 'request_id', 'hash'],
];

export async function* auditCsv({ store }: Source, filter: AuditFilter): AsyncGenerator<string> {
  yield csvOf([HEAD]);
  for await (const record of store.audit.stream(asked(filter))) yield csvOf([rowOf(toEntry(record))]);
}

function rowOf({ no, at, actor, action, object, before, after, address, requestId, hash }: AuditEntry): Cell[] {
  const asJson = (image: AuditEntry['before']): Cell => image && JSON.stringify(image);
  return [
    ...[no, at, actor.kind, actor.id, actor.name, action, object.kind, object.id, object.name],
    ...[asJson(before), asJson(after), address, requestId, hash],
  ];
}

/** @param noted NUMBER:HASH of an entry that was the last one once */
export async function verifyAudit({ store }: Source, noted: string | undefined): Promise<AuditVerdict> {
  const { firstBroken, entries, head } = await store.audit.verify();
  const [no, hash] = noted?.split(':') ?? [];
  const lost = no !== undefined && (await store.audit.hashOf(Number(no))) !== hash ? Number(no) : null;
  const first = firstBroken === null || lost === null ? (firstBroken ?? lost) : Math.min(firstBroken, lost);
  return { intact: first === null, firstBroken: first, entries, head: head && `${head.no}:${head.hash}` };
}

function asked({ from, to, ...rest }: AuditFilter): AuditQuery {
  const at = (time: string | undefined): Date | undefined => (time === undefined ? undefined : new Date(instantAt(time, 'UTC')));
  return { ...rest, from: at(from), to: at(to) };
}

const toEntry = ({ at, before, after, ...rest }: AuditEntryRecord): AuditEntry => ({
  ...rest,
  at: at.toISOString(),
  before: image(before),
  after: image(after),
});

/** Columns by the names that the API has for them. */
const image = (row: Json | null): AuditEntry['before'] =>
  row &&
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), value]),
  );
