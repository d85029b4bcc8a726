/**
 * Forecasts of more steps than a model was trained for: the model goes on from what it forecast itself, block by block.
 *
 * Going on from the medians alone would forget how uncertain they are. So several sampled paths of each block are taken for history, the
 * next block is forecast after each of them, and its quantiles are those of all these forecasts together (as Chronos-Bolt, Ansari et
 * al. 2024, unrolls its patches). Future covariates are read as far as they reach; past covariates count as missing.
 */
import { isAlmanacError } from '@almanac/series';
import { covariateTooShort } from './dataset/covariates.js';
import { keepTo } from './dataset/target.js';
import { type Forecaster, type Panel, type PredictOptions, type SeriesData, type SeriesForecast } from './forecaster.js';
import { sampleQuantile } from './heads/paths.js';

/** Histories that each later block is forecast after. */
const COPIES = 40;
const SEED = 17;
/** Levels that stand for equal shares of a forecast. */
const SHARES = Array.from({ length: 20 }, (_, i) => (i + 0.5) / 20);

/** @param own steps that the model forecasts at once; it must be able to draw paths */
export async function forecastBeyond(
  model: Pick<Forecaster, 'predict'>,
  panel: Panel,
  options: PredictOptions,
  own: number,
): Promise<SeriesForecast[]> {
  try {
    return await blockByBlock(model, panel, options, own);
  } catch (error) {
    throw byWholeHorizon(error, panel.series, options.horizon);
  }
}

async function blockByBlock(
  model: Pick<Forecaster, 'predict'>,
  panel: Panel,
  options: PredictOptions,
  own: number,
): Promise<SeriesForecast[]> {
  const { horizon, levels, paths } = options;
  panel = { ...panel, series: panel.series.map((one) => wholeBlocks(one, horizon, Math.ceil(horizon / own) * own)) };
  const rest = { ...options, attention: false };
  delete rest.paths;
  // What is fed back is what was forecast; what comes out keeps to the target.
  delete rest.targets;
  const first = await model.predict(panel, { ...rest, horizon: own, levels });
  const { pools } = await unroll(model, panel, { ...rest, horizon, levels: SHARES, paths: { count: COPIES, seed: SEED } }, own);
  const drawn = paths && (await unroll(model, panel, { ...rest, horizon, levels: [0.5], paths }, own)).futures;
  return first.map((forecast, s) => {
    const quantiles = new Float64Array(levels.length * horizon);
    levels.forEach((level, q) => {
      quantiles.set(forecast.quantiles.subarray(q * own, (q + 1) * own), q * horizon);
      for (let t = own; t < horizon; t++) quantiles[q * horizon + t] = sampleQuantile(pools[s]![t - own]!, level);
    });
    const target = options.targets?.get(forecast.id);
    keepTo(target, quantiles);
    return { id: forecast.id, cutoff: forecast.cutoff, quantiles, ...(drawn ? { paths: keepTo(target, drawn[s]!) } : {}) };
  });
}

/**
 * Future covariates that reach through the horizon, and as missing to the end of its last block, which the model reads but nobody asked
 * for.
 */
function wholeBlocks(series: SeriesData, horizon: number, steps: number): SeriesData {
  const { futureCovariates, values } = series;
  if (!futureCovariates) return series;
  const longer = Object.entries(futureCovariates).map(([name, covariate]): [string, Float64Array] => {
    if (covariate.length < values.length + horizon) return [name, covariate];
    const padded = new Float64Array(Math.max(covariate.length, values.length + steps)).fill(Number.NaN);
    padded.set(covariate);
    return [name, padded];
  });
  return { ...series, futureCovariates: Object.fromEntries(longer) };
}

/** A model counts what its own block lacks; the reader asked for `horizon` steps. */
function byWholeHorizon(error: unknown, series: readonly SeriesData[], horizon: number): unknown {
  if (!isAlmanacError(error) || error.code !== 'COVARIATE_TOO_SHORT') return error;
  const covariate = String(error.subject?.['covariate']);
  const short = series.find(({ id }) => id === error.subject?.['series']);
  const known = short?.futureCovariates?.[covariate];
  return short && known ? covariateTooShort(short.id, covariate, short.values.length + horizon - known.length) : error;
}

interface Unrolled {
  /** Per series, [count, horizon]. */
  futures: Float64Array[];
  /** Per series and step beyond `own`, the quantiles after all paths, ascending. */
  pools: Float64Array[][];
}

async function unroll(
  model: Pick<Forecaster, 'predict'>,
  panel: Panel,
  options: PredictOptions & Required<Pick<PredictOptions, 'paths'>>,
  own: number,
): Promise<Unrolled> {
  const { horizon, levels, paths } = options;
  const { count } = paths;
  const start = await model.predict(panel, { ...options, levels: [0.5], horizon: own });
  const futures = start.map((forecast) => {
    const whole = new Float64Array(count * horizon);
    for (let k = 0; k < count; k++) whole.set(forecast.paths!.subarray(k * own, (k + 1) * own), k * horizon);
    return whole;
  });
  const pools = panel.series.map(() => Array.from({ length: horizon - own }, () => new Float64Array(count * levels.length)));
  for (let from = own; from < horizon; from += own) {
    const steps = Math.min(own, horizon - from);
    for (let k = 0; k < count; k++) {
      const series = panel.series.map((one, s) => {
        const values = new Float64Array(one.values.length + from);
        values.set(one.values);
        values.set(futures[s]!.subarray(k * horizon, k * horizon + from), one.values.length);
        return { ...one, values };
      });
      const seed = paths.seed * 1009 + from * 31 + k;
      const block = await model.predict({ ...panel, series }, { ...options, horizon: steps, paths: { count: 1, seed } });
      block.forEach(({ quantiles, paths: next }, s) => {
        futures[s]!.set(next!, k * horizon + from);
        for (let t = 0; t < steps; t++)
          levels.forEach((_, q) => (pools[s]![from - own + t]![k * levels.length + q] = quantiles[q * steps + t]!));
      });
    }
  }
  for (const pool of pools.flat()) pool.sort();
  return { futures, pools };
}
