import { describe, expect, it } from 'vitest';
import { normalQuantile } from '../normal.js';
import { Random } from '../dataset/random.js';
import { OnlineConformal } from './online.js';

const levels = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975];
const HORIZON = 3;

/** A forecaster that believes in a deviation of √h for ever. */
const believed = (): Float64Array =>
  Float64Array.from(
    { length: levels.length * HORIZON },
    (_, i) => 10 + Math.sqrt((i % HORIZON) + 1) * normalQuantile(levels[Math.floor(i / HORIZON)]!),
  );
const outcomes = (random: Random, deviation: number): Float64Array =>
  Float64Array.from({ length: HORIZON }, (_, t) => 10 + deviation * Math.sqrt(t + 1) * random.normal());

interface Covered {
  fixed: number[];
  online: number[];
}

/** Shares of outcomes in the 90 % interval over `count` forecasts, per horizon step. */
function follow(conformal: OnlineConformal, random: Random, deviation: number, count: number): Covered {
  const covered: Covered = { fixed: [0, 0, 0], online: [0, 0, 0] };
  const own = believed();
  for (let k = 0; k < count; k++) {
    const actual = outcomes(random, deviation);
    const shown = conformal.apply(own);
    for (let t = 0; t < HORIZON; t++) {
      const inside = (quantiles: Float64Array): number =>
        Number(actual[t]! >= quantiles[HORIZON + t]! && actual[t]! <= quantiles[5 * HORIZON + t]!) / count;
      covered.fixed[t]! += inside(own);
      covered.online[t]! += inside(shown);
    }
    conformal.observe(own, actual);
  }
  return covered;
}

describe('online conformal calibration', () => {
  it('keeps a 90 % interval at 90 % when deviations double, where a fixed one falls below 65 %', () => {
    const conformal = new OnlineConformal({ levels, horizon: HORIZON });
    const random = new Random(1);
    const before = follow(conformal, random, 1, 1000);
    for (const share of [...before.online, ...before.fixed]) expect(Math.abs(share - 0.9)).toBeLessThan(0.03);
    const after = follow(conformal, random, 2, 2000);
    for (const share of after.online) expect(share).toBeGreaterThanOrEqual(0.88);
    for (const share of after.fixed) expect(share).toBeLessThanOrEqual(0.65);
    // And narrows again when the world calms down.
    const calm = follow(conformal, random, 1, 2000);
    for (const share of calm.online) expect(Math.abs(share - 0.9)).toBeLessThan(0.03);
  });

  it.each([1e-9, 1e12])('works in any unit (%f)', (unit) => {
    const [plain, scaled] = [1, unit].map((by) => {
      const conformal = new OnlineConformal({ levels, horizon: HORIZON });
      const random = new Random(2);
      const own = believed().map((value) => value * by);
      for (let k = 0; k < 300; k++)
        conformal.observe(
          own,
          outcomes(random, 3).map((value) => value * by),
        );
      return conformal.apply(own).map((value) => value / by);
    });
    scaled!.forEach((value, i) => expect(value / plain![i]!).toBeCloseTo(1, 6));
  });

  it('leaves the median, keeps quantiles in order, and starts as the model itself', () => {
    const conformal = new OnlineConformal({ levels, horizon: HORIZON, scale: 1 });
    const own = believed();
    expect(conformal.apply(own)).toEqual(own);
    const random = new Random(3);
    for (let k = 0; k < 3000; k++) conformal.observe(own, outcomes(random, k % 700 < 350 ? 0.05 : 4));
    const shown = conformal.apply(own);
    expect(shown.slice(3 * HORIZON, 4 * HORIZON)).toEqual(own.slice(3 * HORIZON, 4 * HORIZON));
    for (let i = HORIZON; i < shown.length; i++) expect(shown[i]!).toBeGreaterThanOrEqual(shown[i - HORIZON]!);
    expect(conformal.marginsOf(0.9)).toHaveLength(HORIZON);
  });

  it('learns from what is observed only, each step for itself, in parts as they come true', () => {
    const own = believed();
    const whole = new OnlineConformal({ levels, horizon: HORIZON });
    const parts = new OnlineConformal({ levels, horizon: HORIZON });
    whole.observe(own, [30, 30, Number.NaN]);
    parts.observe(own, [30, Number.NaN, Number.NaN]);
    parts.observe(own, [Number.NaN, 30]);
    expect(parts.save()).toEqual(whole.save());
    expect([...whole.marginsOf(0.9)].map((margin) => margin > 0)).toEqual([true, true, false]);
    expect(whole.marginsOf(0.9)[2]).toBe(0);
  });

  it('learns from twelve cutoffs of many series together what one series could not: 90 % again after deviations double', () => {
    const shares = { together: 0, apart: 0 };
    const [SERIES, CUTOFFS, LATE] = [40, 12, 6];
    for (const kind of ['together', 'apart'] as const) {
      const random = new Random(5);
      const own = believed();
      const all = Array.from({ length: SERIES }, () => new OnlineConformal({ levels, horizon: HORIZON }));
      for (let k = 0; k < CUTOFFS; k++) {
        const streams = all.map((conformal) => {
          const actual = outcomes(random, 2);
          const shown = conformal.apply(own);
          for (let t = 0; t < HORIZON && k >= LATE; t++)
            shares[kind] +=
              Number(actual[t]! >= shown[HORIZON + t]! && actual[t]! <= shown[5 * HORIZON + t]!) / (SERIES * HORIZON * (CUTOFFS - LATE));
          return { conformal, forecasts: [{ quantiles: own, outcomes: actual }] };
        });
        if (kind === 'together') OnlineConformal.observeTogether(streams);
        else for (const { conformal, forecasts } of streams) conformal.observe(forecasts[0]!.quantiles, forecasts[0]!.outcomes);
      }
    }
    expect(Math.abs(shares.together - 0.9)).toBeLessThan(0.03);
    expect(shares.apart).toBeLessThan(0.85);
  });

  it('shares its factors with a series that comes later, and reads states from before there were any', () => {
    const own = believed();
    const [early, late] = [0, 1].map(() => new OnlineConformal({ levels, horizon: HORIZON, rate: 0 })) as [
      OnlineConformal,
      OnlineConformal,
    ];
    const missed = { quantiles: own, outcomes: [90, 90, 90] };
    OnlineConformal.observeTogether([{ conformal: early, forecasts: [missed] }]);
    const wider = early.apply(own);
    expect(wider[0]!).toBeLessThan(own[0]!);
    const nothing = { quantiles: own, outcomes: [] };
    OnlineConformal.observeTogether([early, late].map((conformal) => ({ conformal, forecasts: [nothing] })));
    expect(late.apply(own)).toEqual(wider);
    const { factors, ...before } = early.save();
    expect(factors!.every((factor) => factor > 0)).toBe(true);
    expect(OnlineConformal.load(before).apply(own)).toEqual(own);
  });

  it('goes on from its saved state, and from no other', () => {
    const random = new Random(4);
    const one = new OnlineConformal({ levels, horizon: HORIZON });
    for (let k = 0; k < 50; k++) one.observe(believed(), outcomes(random, 2));
    const other = OnlineConformal.load(JSON.parse(JSON.stringify(one.save())) as ReturnType<OnlineConformal['save']>);
    const next = outcomes(random, 2);
    for (const conformal of [one, other]) conformal.observe(believed(), next);
    expect(other.apply(believed())).toEqual(one.apply(believed()));
    expect(() => OnlineConformal.load({ ...one.save(), version: 2 as 1 })).toThrow(/version 2/);
    expect(() => new OnlineConformal({ levels: [0.5], horizon: 3 })).toThrow(/levels/);
    expect(() => one.apply(new Float64Array(5))).toThrow(/quantiles/);
  });
});
