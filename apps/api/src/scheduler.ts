/** Looks every second whether a schedule is due; what is due is decided, once among all processes, in flow/schedule. */
import type { FlowContext } from '@almanac/flow/runs';
import { fireDue } from '@almanac/flow/schedule';

const TICK_MS = 1000;

export function startScheduler(context: FlowContext): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let ticking = Promise.resolve();
  const tick = async (): Promise<void> => {
    try {
      for (const run of await fireDue(context))
        context.logger.info({ run: run.id, kind: run.kind, status: run.status }, 'a schedule fired');
    } catch (error) {
      context.logger.error({ error }, 'schedules could not be looked at');
    }
    if (!stopped) timer = setTimeout(next, TICK_MS);
  };
  const next = (): void => {
    ticking = tick();
  };
  next();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await ticking;
    },
  };
}
