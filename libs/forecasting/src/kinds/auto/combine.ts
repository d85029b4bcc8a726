/**
 * Forecasts of members as one: their quantiles of each level averaged (Lichtendahl et al. 2013: averaging quantiles keeps the shape that
 * averaging probabilities blurs). Invariant: a weighted mean of ordered rows is ordered; rounding cannot undo it.
 */
import type { ForecastNote, SeriesForecast } from '../../forecaster.js';
import type { Score } from '../../heads/step.js';
import { levelWeights } from '../../levels.js';

export interface Part {
  label: string;
  share: number;
  forecast: SeriesForecast;
}

/** @param parts at least one; those whose bounds are not known take part only where nobody's are */
export function combine(
  parts: readonly Part[],
  horizon: number,
  levels: number,
): { quantiles: Float64Array; parts: Part[]; notes: ForecastNote[] } {
  const whole = parts.filter(({ forecast }) => !forecast.quantiles.some(Number.isNaN));
  const taken = whole.length > 0 ? whole : parts;
  const total = taken.reduce((sum, { share }) => sum + share, 0);
  const quantiles = new Float64Array(levels * horizon);
  for (const { share, forecast } of taken)
    for (let i = 0; i < quantiles.length; i++) quantiles[i]! += (share / total) * forecast.quantiles[i]!;
  for (let i = horizon; i < quantiles.length; i++) if (quantiles[i]! < quantiles[i - horizon]!) quantiles[i] = quantiles[i - horizon]!;
  // What is said of the members that make at least half of the mix is said of it.
  const notes = new Map<string, { note: ForecastNote; share: number }>();
  for (const { share, forecast } of taken)
    for (const note of forecast.notes ?? []) {
      const said = notes.get(note.code);
      notes.set(note.code, { note: said?.note ?? note, share: (said?.share ?? 0) + share / total });
    }
  return {
    quantiles,
    parts: taken.map((part) => ({ ...part, share: part.share / total })),
    notes: [...notes.values()].filter(({ share }) => share > 0.5 - 1e-9).map(({ note }) => note),
  };
}

/** A forecast as its quantile function, between and beyond its levels as `levels.ts` has it. */
export function quantilesAt(quantiles: Float64Array, levels: readonly number[], horizon: number): (step: number, score: Score) => number {
  return (step, { level }) => {
    const [{ low, high, share }] = levelWeights(levels, [level]) as [{ low: number; high: number; share: number }];
    return quantiles[low * horizon + step]! * (1 - share) + quantiles[high * horizon + step]! * share;
  };
}
