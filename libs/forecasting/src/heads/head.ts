/**
 * Heads that predict the parameters of a distribution instead of its quantiles: one centre, which the network forms with its
 * attentions, and `extras` more numbers per step. Everything here works on one step at a time, in scaled units.
 *
 * Invariant: `negativeLogLikelihood` writes the exact partial derivatives of the value it returns.
 */
import { lnGamma } from '../metrics/studentT.js';
import { normalQuantile } from '../normal.js';
import { digamma, negativeBinomialQuantile, sigmoid, softplus, studentTQuantile } from './special.js';

export const HEAD_KINDS = ['quantile', 'gaussian', 'studentT', 'negativeBinomial', 'vocabulary'] as const;
export type HeadKind = (typeof HEAD_KINDS)[number];

export interface ParametricHead {
  /** Numbers per step beside the centre. */
  extras: number;
  /** Their values at the start. */
  start: readonly number[];
  /**
   * @param raw centre and extras, as the network gives them
   * @param y target, scaled
   * @param scale of the window; y·scale is in the series' own units
   * @param slopes receives d/d raw
   */
  negativeLogLikelihood(raw: ArrayLike<number>, y: number, scale: number, slopes: Float64Array): number;
  /** Scaled quantile; does not fall as the level rises. */
  quantile(raw: ArrayLike<number>, level: number, scale: number): number;
}

const LEAST_SPREAD = 1e-3;
const spread = (raw: number): number => softplus(raw) + LEAST_SPREAD;

const gaussian: ParametricHead = {
  extras: 1,
  start: [-0.5],
  negativeLogLikelihood([centre, raw]: ArrayLike<number> & Iterable<number>, y, _scale, slopes) {
    const sigma = spread(raw!);
    const z = (y - centre!) / sigma;
    slopes[0] = -z / sigma;
    slopes[1] = ((1 - z * z) / sigma) * sigmoid(raw!);
    return Math.log(sigma) + 0.5 * z * z + 0.5 * Math.log(2 * Math.PI);
  },
  quantile: (raw, level) => raw[0]! + spread(raw[1]!) * normalQuantile(level),
};

/** Degrees of freedom above 2, so that the variance exists. */
const degrees = (raw: number): number => 2 + softplus(raw);

const studentT: ParametricHead = {
  extras: 2,
  start: [-0.5, 2],
  negativeLogLikelihood([centre, rawSpread, rawDegrees]: ArrayLike<number> & Iterable<number>, y, _scale, slopes) {
    const sigma = spread(rawSpread!);
    const nu = degrees(rawDegrees!);
    const z = (y - centre!) / sigma;
    const tail = nu + z * z;
    slopes[0] = (-(nu + 1) * z) / (sigma * tail);
    slopes[1] = ((1 - ((nu + 1) * z * z) / tail) / sigma) * sigmoid(rawSpread!);
    const ofNu = 0.5 * (digamma(nu / 2) - digamma((nu + 1) / 2) + 1 / nu + Math.log1p((z * z) / nu)) - ((nu + 1) * z * z) / (2 * nu * tail);
    slopes[2] = ofNu * sigmoid(rawDegrees!);
    return (
      lnGamma(nu / 2) - lnGamma((nu + 1) / 2) + 0.5 * Math.log(nu * Math.PI) + Math.log(sigma) + ((nu + 1) / 2) * Math.log1p((z * z) / nu)
    );
  },
  quantile: (raw, level) => raw[0]! + spread(raw[1]!) * studentTQuantile(level, degrees(raw[2]!)),
};

/** Mean and dispersion as DeepAR scales them (Salinas et al. 2020): the mean by the window's scale, the dispersion by its root. */
const LEAST_MEAN = 1e-6;
const countMean = (raw: number, scale: number): number => scale * (softplus(raw) + LEAST_MEAN);
const countR = (raw: number, scale: number): number => Math.sqrt(scale) / (softplus(raw) + 1e-4);

const negativeBinomial: ParametricHead = {
  extras: 1,
  start: [0],
  negativeLogLikelihood([centre, raw]: ArrayLike<number> & Iterable<number>, y, scale, slopes) {
    const count = Math.max(0, y * scale);
    const mean = countMean(centre!, scale);
    const r = countR(raw!, scale);
    const share = Math.log(r / (r + mean));
    slopes[0] = (((mean - count) * r) / (mean * (r + mean))) * scale * sigmoid(centre!);
    const ofR = -(digamma(count + r) - digamma(r) + share + 1 - (r + count) / (r + mean));
    slopes[1] = (ofR * -r * sigmoid(raw!)) / (softplus(raw!) + 1e-4);
    return -(lnGamma(count + r) - lnGamma(count + 1) - lnGamma(r) + r * share + count * Math.log(mean / (r + mean)));
  },
  quantile: (raw, level, scale) => negativeBinomialQuantile(level, countMean(raw[0]!, scale), countR(raw[1]!, scale)) / scale,
};

const HEADS = { gaussian, studentT, negativeBinomial };

/** The parametric head of that kind; none for `quantile` and `vocabulary`, whose outputs are quantiles and probabilities themselves. */
export function parametricHead(kind: HeadKind): ParametricHead | undefined {
  return kind === 'quantile' || kind === 'vocabulary' ? undefined : HEADS[kind];
}
