/** How the level of a synthetic series moves. Each adds to `out`; the size of a trend is its change over the whole series, about 1. */
import type { Draws } from './draws.js';

type Trend = (draws: Draws, out: Float64Array, size: number) => void;

const linear: Trend = (draws, out, size) => {
  const slope = (size * draws.normal()) / out.length;
  for (let t = 0; t < out.length; t++) out[t]! += slope * t;
};

const exponential: Trend = (draws, out, size) => {
  const rate = (size * draws.uniform(0.3, 2)) / out.length;
  const sign = draws.chance(0.7) ? 1 : -1;
  const falling = draws.chance(0.3);
  for (let t = 0; t < out.length; t++) out[t]! += sign * (Math.exp(Math.min(rate * (falling ? out.length - t : t), 5)) - 1);
};

const dampedTrend: Trend = (draws, out, size) => {
  const by = size * draws.normal();
  const rate = draws.spread(1, 15) / out.length;
  for (let t = 0; t < out.length; t++) out[t]! += by * (1 - Math.exp(-rate * t));
};

/** Turns at one to four places. */
const piecewise: Trend = (draws, out, size) => {
  linear(draws, out, size);
  for (let turns = draws.whole(1, 4); turns > 0; turns--) {
    const at = draws.whole(0, out.length - 1);
    const slope = (1.5 * size * draws.normal()) / out.length;
    for (let t = at; t < out.length; t++) out[t]! += slope * (t - at);
  }
};

/** A random walk: the local level. */
const walk: Trend = (draws, out, size) => {
  const step = (size * draws.spread(0.2, 1.5)) / Math.sqrt(out.length);
  let level = 0;
  for (let t = 0; t < out.length; t++) out[t]! += level += step * draws.normal();
};

/** A slope that walks and returns: smooth turns. */
const smooth: Trend = (draws, out, size) => {
  const memory = 1 - 1 / draws.spread(4, Math.max(8, out.length));
  const step = (size * draws.spread(0.3, 2) * Math.sqrt(1 - memory)) / out.length;
  let [level, slope] = [0, step * draws.normal() * 3];
  for (let t = 0; t < out.length; t++) {
    slope = memory * slope + step * draws.normal() * 3;
    out[t]! += level += slope;
  }
};

/** Growth that saturates, or the adoption curve of it. */
const saturating: Trend = (draws, out, size) => {
  const by = 2 * size * draws.normal();
  const middle = out.length * draws.uniform(-0.2, 1.2);
  const width = out.length * draws.spread(0.03, 0.4);
  for (let t = 0; t < out.length; t++) out[t]! += by / (1 + Math.exp((middle - t) / width));
};

/** Ups and downs of no fixed length, as business has. */
const cycle: Trend = (draws, out, size) => {
  const length = draws.spread(8, Math.max(16, out.length));
  const memory = draws.uniform(0.97, 0.999);
  const [cos, sin] = [memory * Math.cos((2 * Math.PI) / length), memory * Math.sin((2 * Math.PI) / length)];
  const step = 0.6 * size * Math.sqrt(1 - memory * memory);
  let [a, b] = [size * draws.normal() * 0.5, size * draws.normal() * 0.5];
  for (let t = 0; t < out.length; t++) {
    [a, b] = [cos * a + sin * b + step * draws.normal(), cos * b - sin * a + step * draws.normal()];
    out[t]! += a;
  }
};

const TRENDS: readonly (readonly [Trend | null, number])[] = [
  [null, 18],
  [linear, 18],
  [dampedTrend, 9],
  [exponential, 9],
  [piecewise, 10],
  [walk, 16],
  [smooth, 9],
  [saturating, 6],
  [cycle, 5],
];

export function addTrend(draws: Draws, out: Float64Array): void {
  const size = draws.of([0.2, 0.7, 1.5, 3]);
  draws.weighted(TRENDS)?.(draws, out, size);
  if (draws.chance(0.3)) walk(draws, out, draws.of([0.2, 0.7]));
}
