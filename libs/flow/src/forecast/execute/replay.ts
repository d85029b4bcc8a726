/** A forecast made again, compared bit for bit with the stored one. */
import type { EngineInfo, ReplayReport } from '@almanac/contracts';
import type { SeriesForecast } from '@almanac/forecasting';
import type { Json, Store } from '@almanac/store';

const SHOWN = 100;

export class Replay {
  private compared = 0;
  private readonly differing: ReplayReport['differing'] = [];
  private largest = 0;

  private constructor(
    private readonly runId: string,
    private readonly engine: Json | null,
    private readonly stored: Map<string, { cutoff: number; quantiles: Float64Array; calibration: string | null }>,
  ) {}

  static async of(store: Store, runId: string): Promise<Replay> {
    const stored = new Map<string, { cutoff: number; quantiles: Float64Array; calibration: string | null }>();
    for await (const { uniqueId, cutoffStep, quantiles, calibration } of store.forecasts.stream({ runId }))
      stored.set(uniqueId, { cutoff: cutoffStep, quantiles, calibration });
    return new Replay(runId, (await store.runs.get(runId)).engine, stored);
  }

  /** sha256 of the calibration that the stored forecast went through. */
  calibrationOf(uniqueId: string): string | null {
    return this.stored.get(uniqueId)?.calibration ?? null;
  }

  compare(forecasts: readonly SeriesForecast[]): void {
    for (const { id, cutoff, quantiles } of forecasts) {
      const before = this.stored.get(id);
      const difference = before?.cutoff === cutoff ? distance(quantiles, before.quantiles) : Number.MAX_VALUE;
      this.compared++;
      if (difference === 0) continue;
      this.largest = Math.max(this.largest, difference);
      if (this.differing.length < SHOWN) this.differing.push({ uniqueId: id, largestDifference: difference });
    }
  }

  report(engine: Json | null): ReplayReport {
    const { runId, compared, differing, largest } = this;
    return { of: runId, compared, differing, largestDifference: largest, sameEngine: key(engine) === key(this.engine) };
  }
}

function distance(a: Float64Array, b: Float64Array): number {
  if (a.length !== b.length) return Number.MAX_VALUE;
  let largest = 0;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) largest = Math.max(largest, Math.abs(a[i]! - b[i]!) || Number.MIN_VALUE);
  return largest;
}

function key(engine: Json | null): string {
  const { name, variant, threads } = (engine ?? {}) as Partial<EngineInfo>;
  return JSON.stringify([name, variant, threads]);
}
