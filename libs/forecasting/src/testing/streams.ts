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

/** Steps of a day. */
export const DAY = 24;

/** Ways in which a world turns round: what is left of the season remembers the other way, over one step or two, or the day upside down. */
export const REVERSALS = ['memory', 'two lags', 'day'] as const;
export type Reversal = (typeof REVERSALS)[number];

/** Hourly: a day plus noise that remembers; after so many days everything that was remembered is reversed. */
export function reversedStream(seed: number, kind: Reversal, { before, after }: { before: number; after: number }): Float64Array {
  const random = new Random(seed, 90);
  let [last, lastButOne] = [0, 0];
  return Float64Array.from({ length: (before + after) * DAY }, (_, t) => {
    const reversed = t >= before * DAY;
    const [a, b] = kind === 'two lags' ? (reversed ? [-0.4, 0.4] : [1.2, -0.5]) : [reversed ? -0.8 : 0.8, 0];
    [last, lastButOne] = [a * last + b * lastButOne + random.normal(), last];
    return 20 + (kind === 'day' && reversed ? -6 : 6) * Math.sin((2 * Math.PI * t) / DAY) + last;
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

export interface StreamTask {
  known: number;
  /** First step that is scored; the first that is observed unless given. */
  from?: number;
  seed?: number;
  settings?: Partial<OnlineSettings>;
}

const settingsOf = ({ seed = 0, settings }: StreamTask): OnlineSettings => ({
  horizon: 4,
  seasonLength: SEASON,
  levels: DECILES,
  seed,
  ...settings,
});

/** Mean one-step pinball of models that are fitted anew each day on the latest `window` steps. */
export function refittedDaily(values: Float64Array, task: StreamTask & { from: number; window: number; every?: number }): number {
  const settings = { ...settingsOf(task), learningRateScale: 0 };
  let [sum, count] = [0, 0];
  for (let start = task.from; start + DAY <= values.length; start += (task.every ?? 1) * DAY) {
    const model = new OnlineModel(settings);
    model.fit(values.subarray(start - task.window, start));
    for (const value of values.subarray(start, start + DAY)) sum += model.observe(value).champion;
    count += DAY;
  }
  return sum / count;
}

/** Fits on the first `known` values, then observes the rest one by one. */
export function streamTask(values: Float64Array, task: StreamTask): StreamScore {
  const { known, from = known } = task;
  const settings = settingsOf(task);
  const season = settings.seasonLength;
  const live = new OnlineModel(settings);
  const still = new OnlineModel({ ...settings, learningRateScale: 0 });
  for (const model of [live, still]) model.fit(values.subarray(0, known));
  const score: StreamScore = { online: 0, frozen: 0, seasonalNaive: 0, promotions: 0, rollbacks: 0 };
  const count = values.length - from;
  for (let t = known; t < values.length; t++) {
    const { champion, verdict } = live.observe(values[t]!);
    const frozen = still.observe(values[t]!).champion;
    if (verdict === 'promote') score.promotions++;
    if (verdict === 'rollback') score.rollbacks++;
    if (t < from) continue;
    score.online += champion / count;
    score.frozen += frozen / count;
    score.seasonalNaive +=
      DECILES.reduce((sum, level) => sum + pinball(level, values[t]!, values[t - season]!), 0) / DECILES.length / count;
  }
  return score;
}
