/** Answers of predictions as the flat arrays of the SDK: series in the order of the request, steps in theirs. */
import type { NixtlaAnomalies, NixtlaCrossValidation, NixtlaForecast, Prediction } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { placeOf } from './series.js';

interface Step {
  row: number;
  no: number;
  values: Record<string, number | null>;
}

/** Each step that was wanted, with its row and its columns; the median is `mean`. */
function stepsOf(predictions: readonly Prediction[]): { steps: Step[]; keys: string[]; warnings: string[] } {
  const steps: Step[] = [];
  const keys = new Set<string>();
  for (const { model, horizon, columns } of predictions) {
    const ids = columns['unique_id'] as string[];
    const values = Object.entries(columns).filter(([name]) => name === model || name.startsWith(`${model}-`));
    for (const [name] of values) if (name !== model) keys.add(name.slice(model.length + 1));
    for (let at = 0; at < ids.length; at += horizon) {
      const place = placeOf(ids[at]!);
      if (place === undefined)
        throw new AlmanacError('JOB_NOT_FOUND', 'This run was not asked for by the nixtla SDK.', {
          hint: 'GET /v1/predictions/{runId} answers it.',
          status: 404,
        });
      for (let step = 0; step < place.take; step++) {
        const of = values.map(([name, column]) => [
          name === model ? 'mean' : name.slice(model.length + 1),
          column[at + place.missing + step] as number | null,
        ]);
        // A window that shows less begins earlier: several may forecast one row.
        steps.push({ row: place.row + step, no: place.no, values: Object.fromEntries(of) as Step['values'] });
      }
    }
  }
  const said = predictions.flatMap(({ warnings, notes }) => [...warnings, ...notes.map(({ detail }) => detail)]);
  return { steps, keys: [...keys], warnings: [...new Set(said)] };
}

function flat(predictions: readonly Prediction[]): NixtlaForecast & { steps: Step[] } {
  const { steps, keys, warnings } = stepsOf(predictions);
  // Stable, so that windows keep their order within a series.
  steps.sort((a, b) => a.no - b.no);
  const column = (name: string): (number | null)[] => steps.map(({ values }) => values[name] ?? null);
  return {
    mean: column('mean'),
    intervals: keys.length === 0 ? null : Object.fromEntries(keys.map((key) => [key, column(key)])),
    weights_x: null,
    feature_contributions: null,
    warnings,
    steps,
  };
}

export function forecastOf(predictions: readonly Prediction[]): NixtlaForecast {
  const { mean, intervals, weights_x, feature_contributions, warnings } = flat(predictions);
  return { mean, intervals, weights_x, feature_contributions, warnings };
}

export function crossValidationOf(predictions: readonly Prediction[]): NixtlaCrossValidation {
  const { steps, ...answer } = flat(predictions);
  const sizes: number[] = [];
  for (const { no } of steps) sizes[no - 1] = (sizes[no - 1] ?? 0) + 1;
  return { ...answer, sizes: Array.from(sizes, (size) => size ?? 0), idxs: steps.map(({ row }) => row) };
}

/** A value is anomalous outside of the interval that was forecast for it; a missing one, or one without an interval, is not. */
export function anomaliesOf(predictions: readonly Prediction[], y: readonly (number | null)[], level: number): NixtlaAnomalies {
  const answer = crossValidationOf(predictions);
  const [low, high] = [answer.intervals![`lo-${level}`]!, answer.intervals![`hi-${level}`]!];
  const anomaly = answer.idxs.map((row, i) => {
    const value = y[row] ?? null;
    return value !== null && ((low[i] !== null && value < low[i]!) || (high[i] !== null && value > high[i]!));
  });
  return { ...answer, anomaly };
}
