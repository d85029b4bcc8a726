/** Holes of future covariates in the body of a request: null within the horizon is refused, or filled as was declared. */
import type { CovariateFill, Prediction } from '@almanac/contracts';
import type { Frequency } from '@almanac/series';
import { categoryOf } from '../runs/categories.js';
import { covariateHole, filledNote } from '../runs/holes.js';
import type { LaidSeries } from './plan.js';

/** @throws AlmanacError COVARIATE_HOLE */
export function fillAhead(series: LaidSeries, grid: Frequency, fill: CovariateFill): { series: LaidSeries; notes: Prediction['notes'] } {
  const { id, firstStep, values, futureCovariates } = series;
  const filled = Object.entries(futureCovariates ?? {}).flatMap(([name, known]) => {
    const holes = known.flatMap((value, t) => (t >= values.length && value === null ? [t] : []));
    if (holes.length === 0) return [];
    if (fill === 'none')
      throw covariateHole(
        id,
        categoryOf(name) ?? name,
        holes.map((t) => grid.format(firstStep + t)),
      );
    const whole = [...known];
    for (const t of holes) whole[t] = fill === 'zero' ? 0 : (whole.slice(0, t).findLast((value) => value !== null) ?? null);
    return [[name, whole] as const];
  });
  if (filled.length === 0) return { series, notes: [] };
  return {
    series: { ...series, futureCovariates: { ...futureCovariates, ...Object.fromEntries(filled) } },
    notes: [
      {
        uniqueId: id,
        ...filledNote([...new Set(filled.map(([name]) => categoryOf(name) ?? name))], fill),
      },
    ],
  };
}
