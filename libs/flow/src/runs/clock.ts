/**
 * The present by the database's clock, which every program shares. It is asked for every few seconds and counted on in
 * between by a timer that no change of the machine's clock moves, so that a jump of that clock fires no schedule and gives
 * up no observation. How far the machine's own clock is off is known, and said.
 */
import { CLOCK_OFF_MS } from '@almanac/contracts';
import type { Logger } from '@almanac/platform';
import type { Store } from '@almanac/store';

const ASKED_EVERY_MS = 5_000;
export interface DatabaseClock {
  now(): Date;
  /** How far the machine's clock is ahead of the database's; negative where it is behind. */
  skewMs(): number;
  /** By seconds: such a program decides nothing that depends on the time. */
  isOff(): boolean;
  stop(): void;
}

/** @param wall the machine's clock; a test moves its own */
export async function startClock(store: Pick<Store, 'now'>, logger: Logger, wall: () => number = Date.now): Promise<DatabaseClock> {
  let [base, at, skew, off] = [0, 0, 0, false];
  const ask = async (): Promise<void> => {
    const asked = performance.now();
    const databaseTime = (await store.now()).getTime();
    const answered = performance.now();
    // The answer was true somewhere in between.
    [base, at] = [databaseTime, (asked + answered) / 2];
    skew = wall() - (databaseTime + (answered - at));
    const isOff = Math.abs(skew) > CLOCK_OFF_MS + (answered - asked) / 2;
    const says = { skewSeconds: Math.round(skew / 1000) };
    if (isOff && !off) logger.warn(says, 'the clock of this machine is not that of the database: schedules are left to others until it is');
    if (!isOff && off) logger.info(says, 'the clock of this machine is right again');
    off = isOff;
  };
  await ask();
  const timer = setInterval(() => void ask().catch(() => undefined), ASKED_EVERY_MS);
  timer.unref();
  return {
    now: () => new Date(base + performance.now() - at),
    // Between two answers the machine's clock may have jumped.
    skewMs: () => wall() - (base + performance.now() - at),
    isOff: () => off || Math.abs(wall() - (base + performance.now() - at)) > CLOCK_OFF_MS,
    stop: () => clearInterval(timer),
  };
}
