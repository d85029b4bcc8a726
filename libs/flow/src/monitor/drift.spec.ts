import type { LiveScore } from '@almanac/contracts';
import { describe, expect, it } from 'vitest';
import { type DriftFacts, findDrift, type HoldoutErrors, isWorseThanNaive } from './drift.js';

/** Ordinary scores, a little different every day. */
const usual = (days: number, change: (day: number) => Partial<LiveScore> = () => ({})): LiveScore[] =>
  Array.from({ length: days }, (_, day) => ({
    runId: '00000000-0000-4000-8000-000000000000',
    version: 1,
    cutoff: new Date(Date.UTC(2024, 0, 1 + day)).toISOString(),
    series: 3,
    wql: 0.1 + 0.004 * Math.sin(day * 2.1),
    naiveWql: 0.14,
    baselines: [],
    mase: 0.8,
    coverage80: 0.8,
    bias: 0.01 * Math.cos(day * 1.7),
    ...change(day),
  }));
/** Forecasts that are a day apart, and judged by it. */
const facts = (holdouts: HoldoutErrors): DriftFacts => ({ holdouts, judged: 86_400_000, stepOf: (at) => Date.parse(String(at)) });
const codes = (scores: readonly LiveScore[]): string[] => findDrift(scores, 1, 3).map(({ code }) => code);

describe('drift', () => {
  it('is not found in ordinary days, nor before there is anything to compare with', () => {
    for (let days = 1; days < 40; days++) expect(codes(usual(days))).toEqual([]);
  });

  it('is found on the first day whose error is far out of the ordinary, and dated', () => {
    const scores = usual(21, (day) => (day === 20 ? { wql: 0.3 } : {}));
    expect(findDrift(scores, 1, 3)).toMatchObject([{ code: 'ERROR_DRIFT', since: '2024-01-21T00:00:00.000Z' }]);
  });

  it('is reported for as long as it lasts, and is what is usual once it has lasted for two weeks', () => {
    const found = (day: number): string[] => codes(usual(day + 1, (on) => (on >= 20 ? { wql: 0.3 + 0.004 * Math.sin(on) } : {})));
    expect(Array.from({ length: 14 }, (_, k) => found(20 + k))).toEqual(Array.from({ length: 14 }, () => ['ERROR_DRIFT']));
    expect([found(34), found(40)]).toEqual([[], []]);
    // One bad day between good ones is forgotten.
    const back = (day: number): string[] => codes(usual(day + 1, (on) => (on % 10 === 0 && on > 0 ? { wql: 0.3 } : {})));
    expect([back(40), back(41), back(50)]).toEqual([['ERROR_DRIFT'], [], ['ERROR_DRIFT']]);
  });

  it('is found against what the training held out, while there are not enough scores to compare with', () => {
    const holdouts = new Map([[1, 0.1]]);
    const found = (scores: readonly LiveScore[]): string[] => findDrift(scores, 1, 3, facts(holdouts)).map(({ code }) => code);
    // Two good days, then eight at fifteen times the error.
    const broken = (days: number): LiveScore[] => usual(days, (day) => (day >= 2 ? { wql: 1.5 } : {}));
    expect(Array.from({ length: 10 }, (_, day) => found(broken(day + 1)).includes('ERROR_DRIFT'))).toEqual([
      false,
      false,
      ...Array.from({ length: 8 }, () => true),
    ]);
    expect(findDrift(broken(3), 1, 3, facts(holdouts))).toMatchObject([
      { since: '2024-01-03T00:00:00.000Z', message: 'WQL 1.50, where version 1 had 0.100 on what its training held out.' },
    ]);
    expect(found(usual(1, () => ({ wql: 1.5 })))).toEqual(['ERROR_DRIFT']);
    expect(found(usual(1, () => ({ wql: 0.19 })))).toEqual([]);
  });

  it('is not what a new version promised on its holdout, though the one before it was better', () => {
    const later = usual(21, (day) => (day === 20 ? { wql: 0.3, version: 2 } : {}));
    expect(findDrift(later, 1, 3, facts(new Map([[2, 0.28]])))).toEqual([]);
    expect(findDrift(later, 1, 3, facts(new Map([[2, 0.1]]))).map(({ code }) => code)).toEqual(['ERROR_DRIFT']);
  });

  it('is found when forecasts fall to one side', () => {
    expect(codes(usual(21, (day) => (day === 20 ? { bias: -0.4 } : {})))).toEqual(['BIAS']);
  });

  it('is found when intervals are too narrow or too wide for days', () => {
    expect(codes(usual(21, (day) => (day >= 18 ? { coverage80: 0.4 } : {})))).toEqual(['COVERAGE']);
    expect(codes(usual(21, (day) => (day >= 18 ? { coverage80: 1 } : {})))).toEqual(['COVERAGE']);
    expect(codes(usual(21, (day) => (day >= 19 ? { coverage80: 0.4 } : {})))).toEqual([]);
  });

  it('leaves a version alone that was worse than seasonal naive only now and then', () => {
    expect(
      isWorseThanNaive(
        usual(10, (day) => (day >= 7 ? { wql: 0.2 } : {})),
        1,
        3,
      ),
    ).toBe(true);
    expect(
      isWorseThanNaive(
        usual(10, (day) => (day === 7 || day === 9 ? { wql: 0.2 } : {})),
        1,
        3,
      ),
    ).toBe(false);
    expect(
      isWorseThanNaive(
        usual(10, () => ({ wql: 0.2 })),
        2,
        3,
      ),
    ).toBe(false);
  });
});
