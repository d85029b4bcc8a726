import { dieboldMariano } from '@almanac/forecasting';
import { describe, expect, it } from 'vitest';
import { gateHoldout, gateWindows, planGate } from './windows.js';

describe('the windows of a gate', () => {
  it('are a season apart, as many as the holdout has room for', () => {
    expect(gateWindows(48, 24, 48)).toEqual({ stepSize: 24, lag: 2, count: 1, needed: 4 });
    expect(gateWindows(48, 24, 119).count).toBe(3);
    expect(gateWindows(48, 24, 120).count).toBe(4);
    expect(gateWindows(12, undefined, 60)).toEqual({ stepSize: 12, lag: 1, count: 5, needed: 4 });
    expect(gateWindows(24, 24, 10).count).toBe(0);
  });

  it.each([
    [48, 24, 10_000],
    [48, 24, 400],
    [12, undefined, 100],
    [14, 7, 60],
    [1, 12, 30],
  ])('suffice for the test where nobody says how many: horizon %s, season %s, %s steps', (horizon, season, length) => {
    const holdout = gateHoldout(horizon, season, length);
    const { count, lag, needed } = gateWindows(horizon, season, holdout);
    expect(count).toBeGreaterThanOrEqual(needed);
    const losses = Array.from({ length: count }, (_, i) => 1 + (i % 3) / 10);
    expect(
      dieboldMariano(
        losses,
        losses.map((loss) => 2 * loss),
        lag,
      ).pValueABetter,
    ).toBeLessThan(0.05);
    // One window fewer than are needed prove nothing.
    expect(() => dieboldMariano(losses.slice(0, needed - 1), losses.slice(0, needed - 1), lag)).toThrow(/too few/);
  });

  it('leave three quarters of a long history to learn from', () => {
    expect(gateHoldout(48, 24, 10_000)).toBe(48 + 7 * 24);
    expect(gateHoldout(48, 24, 600)).toBeLessThanOrEqual(150);
  });

  it('are fewer, and shorter, where the champion has learned most steps or a break was confirmed', () => {
    const plan = (facts: object, horizon = 48): object => planGate(horizon, 24, { length: 10_000, ...facts });
    expect(plan({})).toEqual({ holdout: 216, judged: 48 });
    expect(plan({ unlearned: 216 })).toEqual({ holdout: 216, judged: 48 });
    expect(plan({ unlearned: 150 })).toEqual({ holdout: 144, judged: 48 });
    expect(plan({ unlearned: 100 })).toEqual({ holdout: 96, judged: 24 });
    // Nothing that both could be measured on: the recipe is trained again.
    expect(plan({ unlearned: 48 })).toEqual({ holdout: 216, judged: 48 });
    expect(plan({ broken: true })).toEqual({ holdout: 96, judged: 24 });
    expect(plan({ broken: true }, 168)).toEqual({ holdout: 168, judged: 24 });
    expect(gateWindows(168, 24, 168, 24)).toMatchObject({ count: 7, needed: 4 });
  });
});
