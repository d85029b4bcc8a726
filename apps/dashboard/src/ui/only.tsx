/** What is there only for those whose role includes it; the API refuses the others all the same. */
import type { Scope } from '@almanac/contracts';
import type { ReactNode } from 'react';
import { useMay } from '../app/session';

/** @param may `write` unless given: what an editor does and a viewer does not */
export function Only({ may = 'write', children }: { may?: Scope; children: ReactNode }) {
  return useMay(may) ? children : null;
}
