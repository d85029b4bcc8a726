/** API keys by their hash; see `remembered.ts`. Null where there is no such key, or it was revoked. */
import { Inject, Injectable } from '@nestjs/common';
import type { FlowContext } from '@almanac/flow/runs';
import type { ApiKeyRecord } from '@almanac/store';
import { CONTEXT } from './caller.js';
import { Remembered } from './remembered.js';

@Injectable()
export class Keyring {
  readonly keys: Remembered<ApiKeyRecord>;

  constructor(@Inject(CONTEXT) context: FlowContext) {
    const { apiKeys } = context.store;
    this.keys = new Remembered({ find: (hash) => apiKeys.findByHash(hash), known: (hashes) => apiKeys.known(hashes) });
  }

  find(hash: string): Promise<ApiKeyRecord | null> {
    return this.keys.find(hash);
  }

  /** To be called after the key was revoked. */
  forget(id: string): void {
    this.keys.forget((key) => key.id === id);
  }
}
