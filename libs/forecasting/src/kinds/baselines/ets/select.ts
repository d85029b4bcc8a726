/**
 * AutoETS: fits every admissible ETS form and orders them by AICc.
 *
 * Source: Hyndman, Koehler, Snyder and Grose (2002), with the restrictions of R's `forecast::ets`: no additive error with
 * a multiplicative season, no multiplicative trend, multiplicative parts for positive data only. The first level and
 * trend are fitted with the smoothing parameters; the first season comes from a classical decomposition and is not
 * (it still counts in the AICc). Values are divided by their mean size first, so results follow the scale.
 */
import { devianceOf } from './deviance.js';
import { seasonalIndex } from '../seasonality.js';
import { straightLine } from '../theta.js';
import { filter, type EtsFit, type EtsForm, type EtsParameters, type EtsState } from './model.js';
import { nelderMead } from './nelderMead.js';

const ERRORS = ['A', 'M'] as const;
const TRENDS = ['N', 'A', 'Ad'] as const;
const SEASONS = ['N', 'A', 'M'] as const;

/** The forms worth trying for data that are all positive or not, with enough seasons observed or not. */
export function admissibleForms(positive: boolean, seasonal: boolean): EtsForm[] {
  const forms: EtsForm[] = [];
  for (const error of ERRORS) {
    for (const trend of TRENDS) {
      for (const season of SEASONS) {
        if (!positive && (error === 'M' || season === 'M')) continue;
        if (error === 'A' && season === 'M') continue;
        if (season !== 'N' && !seasonal) continue;
        forms.push({ error, trend, season });
      }
    }
  }
  return forms;
}

const PHI = { from: 0.8, to: 0.98 };
/**
 * A trend takes up at most this share of a change of the level (β ≤ 0.2 α). With all that the model allows (β ≤ α), short series follow
 * their last change far ahead: OWA of M3 one horizon before its test, yearly .986 against .976, quarterly .887 against .861, tourism yearly
 * 1.14 against .97. (Others' optimisers seldom leave β's start, which bounds it without saying so.)
 */
const LARGEST_TREND_SHARE = 0.2;
const squash = (x: number): number => 1 / (1 + Math.exp(-x));
const between = (x: number, from: number, to: number): number => from + (to - from) * squash(x);

/**
 * A form this much less likely than another by a first, rough search is not searched further: nothing that the second search finds makes
 * up for it. In AICc.
 */
const HOPELESS = 12;
/**
 * Evaluations by parameter, of the rough search and of the second. 60 and 60 take half as long again, and one and two horizons before the
 * tests of M3 and tourism are no better (MASE of monthly M3 .839 / .785 for .841 / .775).
 */
const EVALUATIONS = { rough: 25, fine: 40 };

/** Every form that the history is long enough for (4 observations more than parameters), fitted; the least AICc first. */
export function fitForms(values: Float64Array, seasonLength: number): EtsFit[] {
  const observed = values.filter((value) => !Number.isNaN(value));
  const positive = observed.every((value) => value > 0);
  const seasonal = seasonLength > 1 && values.length >= 2 * seasonLength && observed.length >= seasonLength + 5;
  const searches = admissibleForms(positive, seasonal).flatMap((form) => searchEts(values, seasonLength, form, observed.length) ?? []);
  const best = Math.min(...searches.map(({ aicc }) => aicc));
  return searches
    .filter(({ aicc }) => aicc <= best + HOPELESS)
    .flatMap((search) => search.refine() ?? [])
    .sort((a, b) => a.aicc - b.aicc);
}

/** The form of least AICc, or null where the history is too short for any. */
export const selectEts = (values: Float64Array, seasonLength: number): EtsFit | null => fitForms(values, seasonLength)[0] ?? null;

interface Search {
  /** As the first search has it. */
  aicc: number;
  /** Null where no parameters give a likelihood. */
  refine: () => EtsFit | null;
}

/** @returns null where the form has too many parameters for `count` observations */
function searchEts(values: Float64Array, seasonLength: number, form: EtsForm, count: number): Search | null {
  const hasTrend = form.trend !== 'N';
  const damped = form.trend === 'Ad';
  const hasSeason = form.season !== 'N';
  const free = 2 + (hasTrend ? 2 : 0) + (damped ? 1 : 0) + (hasSeason ? seasonLength : 0);
  const k = free + 1;
  if (count - k - 1 < 1) return null;
  const aiccOf = (cost: number): number => cost + 2 * k + (2 * k * (k + 1)) / (count - k - 1);

  let start = firstState(values, seasonLength, form);
  const spread = Math.abs(start.level) * 0.05 + Math.abs(start.trend) + 0.01;
  const parametersOf = (x: Float64Array): EtsParameters => {
    let at = 2;
    const alpha = between(x[0]!, 1e-4, 0.9999);
    const beta = hasTrend ? between(x[at]!, 1e-4 * alpha, LARGEST_TREND_SHARE * alpha) : 0;
    if (hasTrend) at += 2;
    const gamma = hasSeason ? between(x[at++]!, 1e-4 * (1 - alpha), 1 - alpha) : 0;
    const phi = damped ? between(x[at]!, PHI.from, PHI.to) : 1;
    return { alpha, beta, gamma, phi };
  };
  const levelOf = (x: Float64Array): number => start.level + spread * x[1]!;
  const trendOf = (x: Float64Array): number => (hasTrend ? start.trend + 0.1 * spread * x[3]! : 0);
  const decode = (x: Float64Array): { parameters: EtsParameters; state: EtsState } => ({
    parameters: parametersOf(x),
    state: { level: levelOf(x), trend: trendOf(x), season: start.season.slice(), phase: 0 },
  });
  const costOf = devianceOf(form, values, count);
  const season = new Float64Array(start.season.length);
  const deviance = (x: Float64Array): number => {
    season.set(start.season);
    return costOf(parametersOf(x), levelOf(x), trendOf(x), season);
  };
  // Starting points: α slow for short seasons as in R; β a tenth of α, γ a tenth of what α leaves, φ near its upper end.
  const x0 = [-1.4, 0, ...(hasTrend ? [-2.2, 0] : []), ...(hasSeason ? [-2.2] : []), ...(damped ? [1.5] : [])];
  const rough = nelderMead(deviance, Float64Array.from(x0), new Float64Array(x0.length).fill(1), EVALUATIONS.rough * x0.length);
  const refine = (): EtsFit | null => {
    let x: Float64Array = rough;
    // Backcasting: the filter run from the last state to the first sees the whole history, not only its first seasons.
    const first = backcast(form, decode(x), values);
    if (first) {
      const before = { start, x, cost: deviance(x) };
      start = first;
      x = x.slice();
      x[1] = 0;
      if (hasTrend) x[3] = 0;
      if (deviance(x) > before.cost) ({ start, x } = before);
    }
    x = nelderMead(deviance, x, new Float64Array(x.length).fill(0.5), EVALUATIONS.fine * x.length);
    const { parameters, state } = decode(x);
    const cost = deviance(x);
    if (!Number.isFinite(cost)) return null;
    const { squares } = filter(form, parameters, state, values);
    const variance = squares / Math.max(1, count - free);
    return { form, parameters, state, variance, deviance: cost, aicc: aiccOf(cost) };
  };
  return { aicc: aiccOf(deviance(rough)), refine };
}

/** One form alone. @returns null where it has too many parameters for `count` observations */
export const fitEts = (values: Float64Array, seasonLength: number, form: EtsForm, count: number): EtsFit | null =>
  searchEts(values, seasonLength, form, count)?.refine() ?? null;

/** Season by decomposition of up to the first four seasons, level and trend by a line through the first adjusted values. */
function firstState(values: Float64Array, seasonLength: number, form: EtsForm): EtsState {
  const seasonal = form.season !== 'N';
  const multiplicative = form.season === 'M';
  const season = seasonal ? seasonalIndex(values.subarray(0, 4 * seasonLength), seasonLength, multiplicative).index : new Float64Array(0);
  const window = values.subarray(0, Math.max(10, seasonal ? 2 * seasonLength : 0));
  const adjusted = seasonal
    ? window.map((value, t) => (multiplicative ? value / season[t % seasonLength]! : value - season[t % seasonLength]!))
    : window;
  if (form.trend === 'N') {
    const known = adjusted.filter((value) => !Number.isNaN(value));
    return { level: known.reduce((sum, value) => sum + value, 0) / known.length, trend: 0, season, phase: 0 };
  }
  const { intercept, slope } = straightLine(adjusted);
  return { level: intercept - slope, trend: slope, season, phase: 0 };
}

/** The first state as the filter finds it when it runs backwards in time; null where it runs off. */
function backcast(form: EtsForm, fit: { parameters: EtsParameters; state: EtsState }, values: Float64Array): EtsState | null {
  const { parameters, state } = fit;
  filter(form, parameters, state, values);
  const { season, phase } = state;
  // The phase of the last value comes first; then time runs down.
  const turned: EtsState = {
    level: state.level,
    trend: -state.trend,
    season: season.map((_, k) => season[(phase - 1 - k + 2 * season.length) % season.length]!),
    phase: 0,
  };
  filter(form, parameters, turned, values.toReversed());
  const length = season.length;
  const first: EtsState = {
    level: turned.level,
    trend: -turned.trend,
    season: turned.season.map((_, k) => turned.season[(turned.phase - 1 - k + 2 * length) % length]!),
    phase: 0,
  };
  return [first.level, first.trend, ...first.season].every(Number.isFinite) ? first : null;
}
