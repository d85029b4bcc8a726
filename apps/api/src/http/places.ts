/**
 * Uploads and event streams at a time: each takes a place before its body is read and gives it back when the connection has
 * ended. Places are leases in PostgreSQL, so that all processes of the API count together; those of a process that died end by
 * themselves.
 */
import type { Endpoint, QuotaName } from '@almanac/contracts';
import { type QuotaBook, quotaExceeded } from '@almanac/flow/quota';
import type { FlowContext } from '@almanac/flow/runs';
import type { FastifyReply } from 'fastify';
import type { Caller } from './caller.js';

const RENEW_MS = 10_000;
const OF_CALLER = { uploads: 'callerUploads', streams: 'callerStreams' } as const satisfies Record<string, QuotaName>;

export class Places {
  private readonly held = new Set<string>();
  private renewing: NodeJS.Timeout | undefined;

  constructor(
    private readonly context: FlowContext,
    private readonly book: QuotaBook,
  ) {}

  /** @throws AlmanacError QUOTA_EXCEEDED */
  async take({ flow: { store }, id: holder }: Caller, { consumes, produces }: Endpoint, reply: FastifyReply): Promise<void> {
    const kind = consumes === undefined ? (produces === 'text/event-stream' ? 'streams' : undefined) : 'uploads';
    if (kind === undefined) return;
    const limits = await this.book.of(store);
    const { [kind]: all, [OF_CALLER[kind]]: own } = limits;
    if (all === null && own === null) return;
    const most = { workspace: all ?? Infinity, holder: own ?? Infinity };
    const lease = await store.quotas.lease(kind, holder, most);
    if (lease.id === null)
      throw lease.own >= most.holder
        ? quotaExceeded(OF_CALLER[kind], lease.own, most.holder)
        : quotaExceeded(kind, lease.all, most.workspace);
    const { id } = lease;
    this.held.add(id);
    this.renewing ??= setInterval(() => this.renew(), RENEW_MS).unref();
    const giveBack = (): void => {
      if (!this.held.delete(id)) return;
      store.quotas
        .release(id)
        .catch((error: unknown) => this.context.logger.warn({ error }, 'a place was not given back; it ends by itself'));
    };
    // The client may have gone while the database was asked.
    if (reply.raw.closed || reply.raw.destroyed) giveBack();
    else reply.raw.once('close', giveBack);
  }

  private renew(): void {
    if (this.held.size === 0) return;
    this.context.store.quotas
      .renew([...this.held])
      .catch((error: unknown) => this.context.logger.warn({ error }, 'places could not be renewed'));
  }
}
