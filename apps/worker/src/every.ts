/** Does something again and again, never twice at once, until it is asked to stop; a failure is logged and tried again. */
import type { Logger } from '@almanac/platform';

export function every(ms: number, what: string, work: () => Promise<unknown>, logger: Logger): { stop(): Promise<void> } {
  let stopped = false;
  let wake: () => void = () => undefined;
  const loop = (async (): Promise<void> => {
    while (!stopped) {
      await work().catch((error: unknown) => logger.warn({ error }, `${what} failed; it is tried again`));
      await new Promise<void>((resolve) => {
        if (stopped) return resolve();
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();
  return {
    async stop() {
      stopped = true;
      wake();
      await loop;
    },
  };
}
