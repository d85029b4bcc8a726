/**
 * How often the system was asked for the addresses of a name while something was done. Whoever checks a name and then connects by it
 * asks twice, and may be told another address the second time.
 */
import { createHook } from 'node:async_hooks';

export async function lookupsOf(work: () => Promise<unknown>): Promise<number> {
  let asked = 0;
  const hook = createHook({ init: (_, type) => void (type === 'GETADDRINFOREQWRAP' && (asked += 1)) }).enable();
  try {
    await work();
  } finally {
    hook.disable();
  }
  return asked;
}
