/**
 * Synthetic series: the only data that the shipped network ever saw. A series is one of four families (parts added up, exponential
 * smoothing's own models, Gaussian processes with random kernels, a mixture of these), brought into a form and disturbed.
 *
 * Invariant: a series is a function of its draws alone.
 */
import type { Draws } from './draws.js';
import { disturb, giveBusinessForm, giveForm, measure } from './forms.js';
import { addKernels } from './kernels.js';
import { addNoise } from './noise.js';
import { addEvents, addSeason, addWeekdays, standardise } from './seasons.js';
import { addSmoothing } from './smoothing.js';
import { addTrend } from './trends.js';

export type Family = 'parts' | 'smoothing' | 'kernels' | 'mixture';

export interface Seasons {
  /** Steps per season; 1 for none. */
  season: number;
  /** Of the longer season; 0 for none. */
  second: number;
}

/** Steps of a day, of which seven are a week that the weekdays of `addWeekdays` know. */
const DAYS = [24, 48, 96];

/** How often each family comes, by how long the season is: yearly series mostly keep what they gained, slow ones are business series. */
const FAMILIES = (season: number): readonly (readonly [Family, number])[] => {
  if (season === 1) return [['parts', 14], ['smoothing', 74], ['kernels', 4], ['mixture', 8]]; // prettier-ignore
  if (season <= 12) return [['parts', 38], ['smoothing', 42], ['kernels', 10], ['mixture', 10]]; // prettier-ignore
  return [['parts', 68], ['smoothing', 8], ['kernels', 12], ['mixture', 12]]; // prettier-ignore
};

export function synthesise(
  draws: Draws,
  length: number,
  seasons: Seasons,
  family: Family = draws.weighted(FAMILIES(seasons.season)),
): Float64Array {
  const x = new Float64Array(length);
  if (family === 'smoothing') {
    addSmoothing(draws, x, seasons.season);
    if (draws.chance(0.2)) disturb(draws, x);
    giveBusinessForm(draws, x, seasons.season);
  } else if (family === 'mixture') mix(draws, x, seasons);
  else {
    if (family === 'parts') addParts(draws, x, seasons);
    else addKernels(draws, x, seasons.season);
    disturb(draws, x);
    giveForm(draws, x, seasons.season);
  }
  measure(draws, x);
  return x;
}

function addParts(draws: Draws, x: Float64Array, { season, second }: Seasons): void {
  addTrend(draws, x);
  const size = draws.chance(0.9) ? draws.of([0.15, 0.4, 1, 2]) : 0;
  if (season > 1 && size > 0) {
    if (DAYS.includes(season) && second === 7 * season && draws.chance(0.55)) addWeekdays(draws, x, season, size);
    else {
      addSeason(draws, x, season, size);
      if (second > 1) addSeason(draws, x, second, draws.of([0.1, 0.3, 0.7]) * Math.max(size, 0.3));
    }
    // A third season that is no input of the network.
    if (draws.chance(0.06)) addSeason(draws, x, Math.max(2, Math.round(season * draws.spread(1.5, 12))), 0.4 * size);
  }
  if (draws.chance(0.12)) addEvents(draws, x, season);
  addNoise(draws, x, draws.of([0.03, 0.1, 0.25, 0.6]), season);
}

/** A weighted mean of two or three series of the same seasons (TSMixup: Ansari et al. 2024). */
function mix(draws: Draws, x: Float64Array, seasons: Seasons): void {
  const count = draws.whole(2, 3);
  const weights = Array.from({ length: count }, () => draws.exponential() ** 0.7);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const weight of weights) {
    const part = synthesise(draws, x.length, seasons, draws.of(['parts', 'smoothing', 'kernels'] as const));
    standardise(part);
    for (let t = 0; t < x.length; t++) x[t]! += (weight / total) * part[t]!;
  }
  const base = draws.of([0, draws.uniform(1, 4), draws.spread(3, 50)]);
  for (let t = 0; t < x.length; t++) x[t]! += base;
}
