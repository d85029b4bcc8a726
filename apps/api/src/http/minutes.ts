/** Counts a minute for each key in the memory of this process, by a timer that no jump of the machine's clock moves. */
const MINUTE_MS = 60_000;
const SWEEP_AT = 10_000;

export class Minutes {
  private readonly counted = new Map<string, { points: number; until: number }>();

  take(who: string, points: number, most: number): { taken: boolean; msBeforeNext: number } {
    const now = performance.now();
    let minute = this.counted.get(who);
    if (!minute || minute.until <= now) {
      if (this.counted.size >= SWEEP_AT) sweep(this.counted);
      this.counted.set(who, (minute = { points: 0, until: now + MINUTE_MS }));
    }
    minute.points += points;
    return { taken: minute.points <= most, msBeforeNext: minute.until - now };
  }
}

/** Drops what is over. */
export function sweep(entries: Map<string, { until: number }>): void {
  const now = performance.now();
  for (const [who, { until }] of entries) if (until <= now) entries.delete(who);
}
