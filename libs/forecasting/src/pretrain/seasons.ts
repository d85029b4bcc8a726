/** Seasonal patterns of synthetic series: random shapes, drifting in size, place and form, with special days. Each adds to `out`. */
import type { Draws } from './draws.js';

/** One season of a pattern, mean 0 and deviation 1. */
export function shapeOf(draws: Draws, period: number): Float64Array {
  const shape = new Float64Array(period);
  const kind = draws.weighted([
    ['harmonics', 55],
    ['table', 17],
    ['onOff', 8],
    ['spikes', 8],
    ['bumps', 12],
  ] as const);
  if (kind === 'harmonics') addHarmonics(draws, shape);
  else if (kind === 'table') for (let i = 0; i < period; i++) shape[i] = draws.normal();
  else if (kind === 'onOff') {
    const [from, width] = [draws.whole(0, period - 1), draws.whole(1, Math.max(1, period - 1))];
    for (let i = 0; i < width; i++) shape[(from + i) % period] = 1;
  } else if (kind === 'spikes') {
    for (let count = draws.whole(1, Math.max(1, Math.min(4, period >> 2))); count > 0; count--)
      shape[draws.whole(0, period - 1)]! += draws.exponential() * (draws.chance(0.85) ? 1 : -1);
  } else addBumps(draws, shape);
  bend(draws, shape);
  standardise(shape);
  return shape;
}

function addHarmonics(draws: Draws, shape: Float64Array): void {
  const period = shape.length;
  const decay = draws.uniform(0.3, 2.5);
  for (let k = 1; k <= Math.min(8, period >> 1); k++) {
    const [size, phase] = [draws.normal() * k ** -decay, draws.uniform(0, 2 * Math.PI)];
    for (let i = 0; i < period; i++) shape[i]! += size * Math.sin((2 * Math.PI * k * i) / period + phase);
  }
}

/** Two or so rounded peaks, as a day of traffic has. */
function addBumps(draws: Draws, shape: Float64Array): void {
  const period = shape.length;
  for (let count = draws.whole(1, 3); count > 0; count--) {
    const [middle, width, size] = [draws.uniform(0, period), period * draws.spread(0.03, 0.25), draws.exponential()];
    for (let i = 0; i < period; i++) {
      const off = Math.abs(i - middle);
      const near = Math.min(off, period - off) / width;
      shape[i]! += size * Math.exp(-0.5 * near * near);
    }
  }
}

function bend(draws: Draws, shape: Float64Array): void {
  const how = draws.next();
  if (how > 0.35) return;
  standardise(shape);
  if (how < 0.12) for (let i = 0; i < shape.length; i++) shape[i] = Math.sign(shape[i]!) * Math.sqrt(Math.abs(shape[i]!));
  else if (how < 0.28) for (let i = 0; i < shape.length; i++) shape[i] = Math.exp(Math.min(shape[i]!, 3));
  else for (let i = 0; i < shape.length; i++) shape[i] = Math.max(shape[i]!, -0.3);
}

export function standardise(values: Float64Array): void {
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / values.length);
  for (let i = 0; i < values.length; i++) values[i] = deviation > 1e-9 ? (values[i]! - mean) / deviation : 0;
}

/** A pattern of one period over the whole series. */
export function addSeason(draws: Draws, out: Float64Array, period: number, size: number): void {
  if (period < 2) return;
  const shape = shapeOf(draws, period);
  const T = out.length;
  const drift = draws.chance(0.4) ? draws.spread(0.1, 1) / Math.sqrt(T) : 0;
  // The form changes from season to season: each step of it walks.
  const evolution = draws.chance(0.25) ? draws.spread(0.02, 0.3) : 0;
  const shift = draws.chance(0.06) ? draws.uniform(-0.3, 0.3) : 0;
  const slides = shift !== 0;
  let amplitude = 1;
  for (let t = 0, i = draws.whole(0, period - 1); t < T; t++, i = i + 1 === period ? 0 : i + 1) {
    if (drift > 0) amplitude = Math.max(0, amplitude + drift * draws.normal());
    if (evolution > 0) shape[i] = shape[i]! * (1 - 0.3 * evolution * evolution) + evolution * draws.normal() * 0.7;
    const at = slides ? (((i + Math.round((shift * period * t) / T)) % period) + period) % period : i;
    out[t]! += size * amplitude * shape[at]!;
  }
}

/** A daily pattern whose weekend, or single day, differs: weekdays times hours. */
export function addWeekdays(draws: Draws, out: Float64Array, day: number, size: number): void {
  const shapes = [shapeOf(draws, day), shapeOf(draws, day)];
  const [weekend, alike] = [draws.uniform(0.1, 1.2), draws.next()];
  const days = Array.from({ length: 7 }, (_, d) => ({ level: 0.3 * draws.normal(), rest: d >= 5 }));
  const closed = draws.chance(0.2) ? draws.uniform(-2, 0) : 0;
  const start = draws.whole(0, 7 * day - 1);
  for (let t = 0; t < out.length; t++) {
    const i = (start + t) % day;
    const { level, rest } = days[Math.floor((start + t) / day) % 7]!;
    const ordinary = shapes[0]![i]!;
    out[t]! += size * (level + (rest ? weekend * (alike * ordinary + (1 - alike) * shapes[1]![i]!) + closed : ordinary));
  }
}

/** Events that come again after about so many steps and last a few: holidays, promotions, moving feasts. */
export function addEvents(draws: Draws, out: Float64Array, season: number): void {
  const width = draws.whole(1, Math.max(1, Math.min(3 * season, out.length >> 4)));
  const every = draws.chance(0.5) ? draws.whole(3, 60) * Math.max(season, 2) : draws.whole(width + 1, out.length);
  const jitter = draws.chance(0.5) ? draws.whole(0, Math.max(1, every >> 3)) : 0;
  const effect = draws.normal() * draws.of([0.5, 1.5, 3]);
  const decays = draws.chance(0.3);
  for (let at = draws.whole(0, every); at < out.length; at += every) {
    const from = at + (jitter > 0 ? draws.whole(-jitter, jitter) : 0);
    const own = effect * draws.uniform(0.7, 1.3);
    for (let i = 0; i < width; i++) if (from + i >= 0 && from + i < out.length) out[from + i]! += decays ? own * (1 - i / width) : own;
  }
}
