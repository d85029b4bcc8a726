/**
 * API keys that were seen in the last few seconds, so that a request for a chart does not ask the database twice.
 *
 * Invariants: a key that this process revoked is forgotten at once; one revoked elsewhere opens nothing after
 * `REMEMBERED_MS`. Unknown keys are never remembered, so that guessing fills no memory.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { FlowContext } from '@almanac/flow/runs';
import type { ApiKeyRecord } from '@almanac/store';
import { CONTEXT } from './caller.js';

export const REMEMBERED_MS = 5_000;

@Injectable()
export class Keyring {
  private readonly seen = new Map<string, { key: ApiKeyRecord; until: number }>();
  /** Counts revocations: a look-up that one has overtaken is not remembered. */
  private revocations = 0;

  constructor(@Inject(CONTEXT) private readonly context: FlowContext) {}

  /** Null where there is no such key, or it was revoked. */
  async find(hash: string): Promise<ApiKeyRecord | null> {
    const now = performance.now();
    const known = this.seen.get(hash);
    if (known && known.until > now) return known.key;
    const { revocations } = this;
    const key = await this.context.store.apiKeys.findByHash(hash);
    if (key && revocations === this.revocations) this.seen.set(hash, { key, until: now + REMEMBERED_MS });
    else this.seen.delete(hash);
    return key;
  }

  /** To be called after the key was revoked. */
  forget(id: string): void {
    this.revocations += 1;
    for (const [hash, { key }] of this.seen) if (key.id === id) this.seen.delete(hash);
  }
}
