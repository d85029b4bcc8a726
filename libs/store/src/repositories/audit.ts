/** The audit log: written by triggers (database/migrations/…_audit.sql), read here. */
import type { AuditLog } from '../facade.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { AuditEntryRecord, AuditQuery, Json } from '../records.js';

const FIELDS = `no::float8 AS no, at, jsonb_build_object('kind', actor_kind, 'id', actor_id, 'name', actor_name) AS actor, action,
  jsonb_build_object('kind', object_kind, 'id', object_id, 'name', object_name) AS object, before, after, address,
  request_id AS "requestId", encode(hash, 'hex') AS hash`;
const ASKED = `workspace_id = $1 AND no < $2 AND ($3::text IS NULL OR actor_id = $3 OR actor_name = $3) AND ($4::text IS NULL OR action = $4)
  AND ($5::text IS NULL OR object_kind = $5) AND ($6::text IS NULL OR object_name = $6 OR object_id = $6)
  AND ($7::timestamptz IS NULL OR at >= $7) AND ($8::timestamptz IS NULL OR at < $8)`;
const AT_ONCE = 1000;

export function auditLog(context: Context): AuditLog {
  const { workspaceId } = context;
  const read = ({ actor, action, objectKind, object, from, to }: AuditQuery, before: unknown, limit: number): Promise<AuditEntryRecord[]> =>
    context.query<Json & AuditEntryRecord>(`SELECT ${FIELDS} FROM audit_entry WHERE ${ASKED} ORDER BY no DESC LIMIT $9`, [
      ...[workspaceId, before, actor ?? null, action ?? null, objectKind ?? null, object ?? null, from ?? null, to ?? null, limit],
    ]);
  return {
    async record({ action, object, before, after }) {
      const asText = (image: Json | undefined): string | null => (image === undefined ? null : JSON.stringify(image));
      await context.query('SELECT record_audit($1, $2, $3, $4, $5, $6, $7)', [
        ...[workspaceId, action ?? null, object.kind, object.id ?? null, object.name ?? null, asText(before), asText(after)],
      ]);
    },
    async list(query) {
      const before = keyOf(query, 1)?.[0] ?? Number.MAX_SAFE_INTEGER;
      return toPage(await read(query, before, limitOf(query) + 1), query, ({ no }) => [no]);
    },
    async *stream(query) {
      for (let before = Number.MAX_SAFE_INTEGER; ;) {
        const entries = await read(query, before, AT_ONCE);
        yield* entries;
        if (entries.length < AT_ONCE) return;
        before = entries.at(-1)!.no;
      }
    },
    async verify() {
      const [found] = await context.query<{ broken: number | null; entries: number; no: number | null; hash: string | null }>(
        `SELECT audit_broken($1)::float8 AS broken, (SELECT count(*)::float8 FROM audit_entry WHERE workspace_id = $1) AS entries, last.no::float8 AS no,
           encode(last.hash, 'hex') AS hash
         FROM (SELECT) AS one LEFT JOIN LATERAL (SELECT no, hash FROM audit_entry WHERE workspace_id = $1 ORDER BY no DESC LIMIT 1) AS last ON true`,
        [workspaceId],
      );
      const { broken, entries, no, hash } = found!;
      return { firstBroken: broken, entries, head: no === null ? null : { no, hash: hash! } };
    },
    async hashOf(no) {
      const [row] = await context.query<{ hash: string }>(
        `SELECT encode(hash, 'hex') AS hash FROM audit_entry WHERE workspace_id = $1 AND no = $2`,
        [workspaceId, no],
      );
      return row?.hash ?? null;
    },
  };
}
