/** What is random from step to step: white or with memory, with heavy tails, and louder at some times than at others. */
import type { Draws } from './draws.js';

export function addNoise(draws: Draws, out: Float64Array, size: number, season: number): void {
  const T = out.length;
  const memory = draws.chance(0.5) ? draws.uniform(-0.3, 0.97) : 0;
  const second = memory !== 0 && draws.chance(0.25) ? draws.uniform(-0.5, 0.3) * (1 - Math.abs(memory)) : 0;
  const ofSeason = season > 1 && draws.chance(0.12) ? draws.uniform(0.2, 0.8) : 0;
  const heavy = draws.chance(0.2);
  const loudness = loudnessOf(draws, T, season);
  const step = size * Math.sqrt(Math.max(0.05, 1 - memory * memory - ofSeason * ofSeason * 0.8));
  const past = ofSeason > 0 ? new Float64Array(season) : undefined;
  let [one, two] = [0, 0];
  for (let t = 0; t < T; t++) {
    const shock = step * (heavy ? draws.heavy() : draws.normal()) * (loudness ? loudness[t]! : 1);
    let value = memory * one + second * two + shock;
    if (past) {
      value += ofSeason * past[t % season]!;
      past[t % season] = value - memory * one;
    }
    two = one;
    one = value;
    out[t]! += value;
  }
}

/** Factors on the noise, around 1: none for most series, a walk, clusters (GARCH), or a season of it. */
function loudnessOf(draws: Draws, T: number, season: number): Float64Array | undefined {
  const kind = draws.next();
  if (kind > 0.28) return undefined;
  const out = new Float64Array(T);
  if (kind < 0.1) {
    const step = draws.spread(0.3, 1.5) / Math.sqrt(T);
    let level = 0;
    for (let t = 0; t < T; t++) out[t] = Math.exp(Math.max(-3, Math.min(2, (level += step * draws.normal()))));
  } else if (kind < 0.2) {
    const [recent, lasting] = [draws.uniform(0.05, 0.25), draws.uniform(0.5, 0.74)];
    let variance = 1;
    for (let t = 0; t < T; t++) {
      const shock = draws.normal() ** 2 * variance;
      variance = Math.min(25, 1 - recent - lasting + recent * shock + lasting * variance);
      out[t] = Math.sqrt(variance);
    }
  } else if (season > 1) {
    const [phase, depth] = [draws.uniform(0, 2 * Math.PI), draws.uniform(0.3, 0.95)];
    for (let t = 0; t < T; t++) out[t] = 1 + depth * Math.sin((2 * Math.PI * t) / season + phase);
  } else return undefined;
  return out;
}
