/** Streams that change, and the score of a model that goes on learning on them beside the same model left as it was. */
import { DECILES } from '@almanac/series';
import { Random } from '../dataset/random.js';
import { pinball } from '../metrics/quantile.js';
import { OnlineModel, type OnlineSettings } from '../kinds/online/onlineModel.js';

const SEASON = 12;

/** A season plus noise that remembers (φ = .8), and from step 1,000 on swings (φ = −.5) around a level that has moved. */
export function driftStream(seed: number, length = 4000): Float64Array {
  const random = new Random(seed, 80);
  let rest = 0;
  return Float64Array.from({ length }, (_, t) => {
    rest = (t < 1000 ? 0.8 : -0.5) * rest + random.normal();
    return 20 + 5 * Math.sin((2 * Math.PI * t) / SEASON) + rest;
  });
}

/** The first half of that world all along, with one value in a hundred far out. */
export function outlierStream(seed: number, length = 3000): Float64Array {
  const random = new Random(seed, 81);
  let rest = 0;
  return Float64Array.from({ length }, (_, t) => {
    rest = 0.8 * rest + random.normal();
    return 20 + 5 * Math.sin((2 * Math.PI * t) / SEASON) + rest + (t > 600 && random.next() < 0.01 ? 60 * random.normal() : 0);
  });
}

export interface StreamScore {
  /** Mean one-step pinball of what was served. */
  online: number;
  /** Of the champion that the fit left, never changed. */
  frozen: number;
  /** Of the value a season before, at every level. */
  seasonalNaive: number;
  promotions: number;
  rollbacks: number;
}

/** Fits on the first `known` values, then observes the rest one by one. */
export function streamTask(
  values: Float64Array,
  { known, seed = 0, settings: own = {} }: { known: number; seed?: number; settings?: Partial<OnlineSettings> },
): StreamScore {
  const settings = { horizon: 4, seasonLength: SEASON, levels: DECILES, seed, ...own };
  const live = new OnlineModel(settings);
  const still = new OnlineModel({ ...settings, learningRateScale: 0 });
  for (const model of [live, still]) model.fit(values.subarray(0, known));
  const score: StreamScore = { online: 0, frozen: 0, seasonalNaive: 0, promotions: 0, rollbacks: 0 };
  const count = values.length - known;
  for (let t = known; t < values.length; t++) {
    const { champion, verdict } = live.observe(values[t]!);
    score.online += champion / count;
    score.frozen += still.observe(values[t]!).champion / count;
    score.seasonalNaive +=
      DECILES.reduce((sum, level) => sum + pinball(level, values[t]!, values[t - SEASON]!), 0) / DECILES.length / count;
    if (verdict === 'promote') score.promotions++;
    if (verdict === 'rollback') score.rollbacks++;
  }
  return score;
}
