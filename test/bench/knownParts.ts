/** Forecasts of series that were made of known parts, taken apart: how far each part is from what the series was made of. */
import { contributionsOf, createForecaster, type Panel, plans, type SeriesData } from '@almanac/forecasting';
import { DEFAULT_QUANTILES } from '@almanac/series';

const HORIZON = 24;
const LENGTH = 24 * 7 * 10;
const COUNT = 4;
const SLOPE = 0.02;
const PROMOTED = 8;

/** Ascending seeds draw from streams of their own. */
export function noise(seed: number): () => number {
  let state = seed * 7919 + 11;
  const uniform = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

const day = (t: number): number => 10 * Math.sin((2 * Math.PI * t) / 24);
const week = (t: number): number => (Math.floor(t / 24) % 7 >= 5 ? -5 : 2);

/**
 * @param promoted whether some afternoons have a promotion, which is known ahead
 * @returns of the part that is farthest off, the mean error relative to the size of the part
 */
export async function knownParts(kind: 'linear' | 'segment', { promoted, steps }: { promoted: boolean; steps?: number }): Promise<number> {
  const draw = noise(1);
  const promotions = new Float64Array(LENGTH + HORIZON);
  for (let from = 0; promoted && from < promotions.length; from += 24)
    if (from === LENGTH || draw() > 0.5) promotions.fill(1, from + 8, from + 20);
  const levelOf = (no: number): number => 100 + 20 * no;
  const series = Array.from({ length: COUNT }, (_, no): SeriesData => ({
    id: `s${no}`,
    firstStep: 0,
    values: Float64Array.from(
      { length: LENGTH },
      (__, t) => levelOf(no) + SLOPE * t + day(t) + week(t) + PROMOTED * promotions[t]! + 0.3 * draw(),
    ),
    ...(promoted ? { futureCovariates: { promotion: promotions } } : {}),
  }));
  const panel: Panel = { frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series };
  const covariates = { static: [], past: [], future: promoted ? ['promotion'] : [] };
  const facts = { frequency: 'h', seasonLengths: [24, 168], horizon: HORIZON, lengths: series.map(() => LENGTH), count: COUNT, covariates };
  const model = createForecaster(kind, plans.settings(kind, facts, { config: {}, steps }));
  try {
    await model.fit(panel, { seed: 1 });
    const ask = { horizon: HORIZON, levels: DEFAULT_QUANTILES };
    const at = DEFAULT_QUANTILES.indexOf(0.5) * HORIZON;
    const medians = (await model.predict(panel, ask)).map(({ quantiles }) => quantiles.slice(at, at + HORIZON));
    const all = await contributionsOf(model, panel, medians, ask);
    const known: Record<string, { size: number; of: (h: number, no: number) => number }> = {
      level: { size: levelOf(0), of: (_, no) => levelOf(no) + SLOPE * (LENGTH - 1) },
      24: { size: 10, of: (h) => day(LENGTH + h) },
      168: { size: 5, of: (h) => week(LENGTH + h) },
      promotion: { size: PROMOTED, of: (h) => PROMOTED * promotions[LENGTH + h]! },
    };
    let worst = 0;
    for (const [name, { size, of }] of Object.entries(known)) {
      let [sum, count] = [0, 0];
      all.forEach((parts, no) =>
        parts!
          .find((part) => part.name === name)
          ?.values.forEach((value, h) => {
            sum += Math.abs(value - of(h, no));
            count++;
          }),
      );
      if (count === 0) continue;
      console.log(`  ${kind}, ${name}: ${((100 * sum) / count / size).toFixed(2)} % of ${size}`);
      worst = Math.max(worst, sum / count / size);
    }
    return worst;
  } finally {
    model.dispose();
  }
}
