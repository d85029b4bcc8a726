/**
 * AutoETS as a local method: the forecast distributions of all forms that the data hardly tell apart, averaged quantile by quantile with
 * Akaike weights (Kolassa 2011, Combining exponential smoothing forecasts using Akaike weights).
 *
 * Additive forms have Gaussian quantiles from the closed-form variance (Hyndman et al. 2008, section 6.1); forms with a
 * multiplicative part have the quantiles of 1,000 simulated paths, drawn from a fixed seed so that the same history gives
 * the same bits. Histories too short for any form are forecast by the naive method; a form that fits exactly borrows its spread. A short
 * history that is a line is that line: by Akaike's correction for few values, steps of one size would be chance. Even growth by a factor,
 * which no form has, is continued.
 */
import { Random } from '../../../dataset/random.js';
import { type LocalMethod, type QuantileFunction } from '../forecaster.js';
import { gaussian, naive } from '../naive.js';
import { plain } from '../spread.js';
import { inUnits, lineInstead } from '../theta.js';
import { advance, expectation, type EtsFit, type EtsState } from './model.js';
import { fitForms } from './select.js';

const PATHS = 1000;
/**
 * Differences of AICc count half, as histories are short and their likelihoods noisy. OWA one horizon before the tests, the best form
 * alone / weights as they are / tempered: M3 yearly .976 / .953 / .938, quarterly .861 / .857 / .854, other .685 / .672 / .668, tourism
 * yearly .965 / .953 / .954, quarterly .801 / .795 / .797.
 */
const TEMPER = 2;
/** Of the best form's; what is below costs time and changes nothing. */
const LEAST_WEIGHT = 0.05;
/** Any two values are on a line; after so few, forms without a trend have much of the weight even where a trend is plain. */
const LEAST_DIFFERENCES = 2;
const FEW_DIFFERENCES = 10;
/** Relative variance below which the errors are those of the search for the best fit. */
const EXACT = 1e-10;

export const autoEts: LocalMethod = (request) => {
  const { values, seasonLength, horizon, spread } = request;
  const size = meanSize(values);
  if (size === 0) return naive(request);
  const fits = fitForms(
    values.map((value) => value / size),
    seasonLength,
  );
  const [best] = fits;
  const { squares, count: differences } = plain(values);
  const straight = differences < FEW_DIFFERENCES || best?.form.trend === 'N';
  const line = differences < LEAST_DIFFERENCES ? null : lineInstead(values, squares, spread, straight);
  if (line) return inUnits(line, values, null);
  if (!best) return naive(request);
  const likely = fits
    .map((fit) => ({ fit, weight: Math.exp((best.aicc - fit.aicc) / (2 * TEMPER)) }))
    .filter(({ weight }) => weight > LEAST_WEIGHT);
  const count = values.reduce((sum, value) => sum + Number(!Number.isNaN(value)), 0);
  const widened = (fit: EtsFit): EtsFit => (fit.variance > EXACT ? fit : { ...fit, variance: (spread.sigma(0, count) / size) ** 2 });
  const total = likely.reduce((sum, { weight }) => sum + weight, 0);
  const distributions = likely.map(({ fit: given, weight }) => {
    const fit = widened(given);
    // Of a width that nothing tells no path can be drawn; the centre is known all the same.
    const closed = fit.form.error === 'A' || Number.isNaN(fit.variance);
    return { at: closed ? closedForm(fit, horizon) : simulated(fit, horizon), weight: (size * weight) / total };
  });
  return (level, step) => distributions.reduce((sum, { at, weight }) => sum + weight * at(level, step), 0);
};

/** Mean |y| of the observed values. */
function meanSize(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += Math.abs(value);
    count++;
  }
  return sum === 0 ? 0 : sum / count;
}

const copy = (state: EtsState): EtsState => ({ ...state, season: state.season.slice() });

/** Means by letting the state run; variance σ²(1 + Σ_{j<h} c_j²), c_j the weight of an error j steps later. */
function closedForm(fit: EtsFit, horizon: number): QuantileFunction {
  const { form, parameters } = fit;
  const state = copy(fit.state);
  const means = new Float64Array(horizon);
  const spreads = new Float64Array(horizon);
  const period = state.season.length;
  let variance = fit.variance;
  let damping = 0;
  for (let step = 0; step < horizon; step++) {
    means[step] = expectation(form, parameters, state);
    advance(form, parameters, state, Number.NaN);
    spreads[step] = Math.sqrt(variance);
    const lag = step + 1;
    damping += parameters.phi ** lag;
    const weight =
      parameters.alpha + (form.trend === 'N' ? 0 : parameters.beta * damping) + (period > 0 && lag % period === 0 ? parameters.gamma : 0);
    variance += fit.variance * weight * weight;
  }
  return gaussian(
    (step) => means[step]!,
    (step) => spreads[step]!,
  );
}

/** Standard normals by path and step, the same for every series: a stream for each path, so the first steps are those of every horizon. */
let drawn: Float64Array[] = [];

function normals(horizon: number): readonly Float64Array[] {
  if ((drawn[0]?.length ?? 0) >= horizon) return drawn;
  drawn = Array.from({ length: PATHS }, (_, path) => {
    const random = new Random(20080606, path);
    return Float64Array.from({ length: horizon }, () => random.normal());
  });
  return drawn;
}

/** Forms with relative errors: quantiles of possible futures. */
function simulated({ form, parameters, state: last, variance }: EtsFit, horizon: number): QuantileFunction {
  const sigma = Math.sqrt(variance);
  const { alpha, beta, gamma, phi } = parameters;
  const kind = form.season;
  const period = last.season.length;
  const season = new Float64Array(period);
  const paths = Array.from({ length: horizon }, () => new Float64Array(PATHS));
  normals(horizon).forEach((errors, path) => {
    let { level, trend, phase } = last;
    season.set(last.season);
    for (let step = 0; step < horizon; step++) {
      const base = level + phi * trend;
      const s = kind === 'N' ? 0 : season[phase]!;
      const expected = kind === 'M' ? base * s : base + s;
      // Relative errors stay above −1, as positive data demand.
      const value = expected * (1 + Math.max(-0.999, sigma * errors[step]!));
      paths[step]![path] = value;
      const surprise = kind === 'M' ? value / s - base : value - expected;
      level = base + alpha * surprise;
      trend = phi * trend + beta * surprise;
      if (kind === 'A') season[phase] = s + gamma * surprise;
      else if (kind === 'M') season[phase] = s + gamma * (value / base - s);
      if (period > 0 && ++phase === period) phase = 0;
    }
  });
  // The median of finitely many paths is noisy; shift each step so that its centre is the path without errors.
  const state = copy({ ...last });
  for (const draws of paths) {
    draws.sort();
    const centre = expectation(form, parameters, state);
    const median = (draws[PATHS / 2 - 1]! + draws[PATHS / 2]!) / 2;
    for (let path = 0; path < PATHS; path++) draws[path] = centre + (draws[path]! - median);
    advance(form, parameters, state, Number.NaN);
  }
  return (level, step) => {
    const position = level * PATHS - 0.5;
    const below = Math.max(0, Math.min(PATHS - 1, Math.floor(position)));
    const above = Math.min(PATHS - 1, below + 1);
    const low = paths[step]![below]!;
    return low + Math.min(1, Math.max(0, position - below)) * (paths[step]![above]! - low);
  };
}
