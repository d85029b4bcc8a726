import { withNumbers } from './words.js';
import { Frequency } from '@almanac/series';
import { describe, expect, it } from 'vitest';
import { layAllOnGrid } from './inline.js';

const HOURS = Frequency.parse('h', 'UTC');

describe('series of a request', () => {
  it('are laid out with their gaps', () => {
    const [laid] = layAllOnGrid([{ uniqueId: 'a', y: [1, 3], ds: ['1970-01-01T05:00', '1970-01-01T07:00'] }], HOURS, 1);
    expect(laid).toEqual({ id: 'a', firstStep: 5, values: [1, null, 3] });
  });

  it.each(['2024-02-30', '2023-02-29T10:00', '2024-02-30T10:00:00+01:00'])('are refused with a day that no calendar has: %s', (day) => {
    const one = { uniqueId: 'a', y: [1, 2], ds: ['2023-01-01', day] };
    expect(() => layAllOnGrid([one], HOURS, 1)).toThrow(expect.objectContaining({ code: 'TIME_INVALID' }) as Error);
  });

  it('are refused before a slip in a time takes all memory, be the value there or not', () => {
    const far = { uniqueId: 'a', y: [1, null], ds: ['2024-01-01', '9999-01-01'], futureCovariates: { price: [1, 2, 3] } };
    expect(() => layAllOnGrid([far], HOURS, 1)).toThrow(expect.objectContaining({ code: 'SERIES_SHAPE' }) as Error);
  });

  it('are refused when they are few values on too many steps together', () => {
    const sparse = (uniqueId: string): { uniqueId: string; y: number[]; ds: string[] } => ({
      uniqueId,
      y: [1, 2],
      ds: ['1950-01-01', '2050-01-01'],
    });
    const tooLarge = expect.objectContaining({ code: 'PREDICTION_TOO_LARGE', status: 413 }) as Error;
    expect(layAllOnGrid([sparse('a')], HOURS, 1)).toHaveLength(1);
    expect(() => layAllOnGrid(['a', 'b', 'c', 'd', 'e'].map(sparse), HOURS, 1)).toThrow(tooLarge);
    const pastCovariates = Object.fromEntries(['p', 'q', 'r', 's'].map((name) => [name, [1, 2]]));
    expect(() => layAllOnGrid([{ ...sparse('a'), pastCovariates }], HOURS, 1)).toThrow(tooLarge);
  });
});

it('reads covariates by whatever name', () => {
  const one = { uniqueId: 'a', ds: ['2024-01-01'], y: [1], futureCovariates: { constructor: [1, 2], toString: ['red', 'blue'] } };
  const { request } = withNumbers({ series: [one] } as never, ['price']);
  expect(request.series[0]!.futureCovariates).toEqual({ constructor: [1, 2], 'toString = red': [1, 0], 'toString = blue': [0, 1] });
});

it('reads a number or a flag that is written as text', () => {
  const one = {
    uniqueId: 'a',
    ds: ['2024-01-01'],
    y: [1],
    futureCovariates: { price: ['1.5', ' -2e1 '], open: ['0', 'yes'], size: ['S', '40'] },
  };
  const { request } = withNumbers({ series: [one] } as never, ['price', 'open', 'size = S', 'size = 40']);
  expect(request.series[0]!.futureCovariates).toEqual({ price: [1.5, -20], open: [0, 1], 'size = S': [1, 0], 'size = 40': [0, 1] });
});

describe('rows without a value behind the last observation', () => {
  const grid = Frequency.parse('D');
  const lay = (price: number[], horizon = 2): ReturnType<typeof layAllOnGrid> =>
    layAllOnGrid(
      [
        {
          uniqueId: 'a',
          ds: ['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04'],
          y: [1, 2, null, null],
          futureCovariates: { price },
        },
      ],
      grid,
      horizon,
    );

  it('say what is known ahead, as they do in a file; what goes on behind them may follow', () => {
    expect(lay([1, 2, 3, 4])).toMatchObject([{ values: [1, 2], futureCovariates: { price: [1, 2, 3, 4] } }]);
    expect(lay([1, 2, 3, 4, 5], 3)).toMatchObject([{ futureCovariates: { price: [1, 2, 3, 4, 5] } }]);
    expect(lay([1, 2, 3, 4, 5, 6])).toMatchObject([{ futureCovariates: { price: [1, 2, 3, 4, 5, 6] } }]);
  });

  it('are not enough where the horizon is longer, and the refusal says how many are wanted of which covariate', () => {
    expect(() => lay([1, 2, 3, 4], 3)).toThrow(
      expect.objectContaining({
        code: 'SERIES_SHAPE',
        message: 'The series "a" has 4 values of the future covariate "price", where 5 are needed.',
        hint: 'Give a value for each `y`, then one for each of 1 steps ahead.',
      }) as Error,
    );
  });
});

describe('times off the grid', () => {
  const hintOf = (ds: string[], grid: Frequency, model?: string): string | undefined => {
    try {
      layAllOnGrid([{ uniqueId: 'a', ds, y: ds.map(() => 1) }], grid, 1, { model });
    } catch (error) {
      return (error as { hint?: string }).hint;
    }
    return undefined;
  };
  const days = (count: number, apart: number): string[] =>
    Array.from({ length: count }, (_, t) => new Date(Date.UTC(2024, 0, 2 + apart * t)).toISOString());

  it('are said to be what they are, and a model to know no other grid', () => {
    expect(hintOf(days(12, 7), Frequency.parse('W-MON'))).toBe(
      'The times have the rhythm W-TUE. Correct the others, or give a finer frequency or another time zone.',
    );
    expect(hintOf(days(12, 7), Frequency.parse('W-MON'), 'shops-linear')).toMatch(
      /^The times have the rhythm W-TUE\. shops-linear was trained on W-MON and forecasts no other grid: correct .*model auto/,
    );
    expect(hintOf(days(12, 1), Frequency.parse('D', 'America/New_York'))).toMatch(/rhythm D of UTC: say timeZone UTC\. /);
  });

  it('of which most are right are the ones to correct', () => {
    expect(hintOf([...days(9, 7), '2024-03-06'], Frequency.parse('W-TUE'))).toMatch(/^Most times are on W-TUE\. Correct the others/);
  });

  it('on closed days are proposed a frequency that has them', () => {
    expect(hintOf(days(8, 1), Frequency.parse('B'))).toMatch(/e\.g\. D\.$/);
    expect(hintOf(['2024-01-05T00:00Z', '2024-01-06T00:00Z'], Frequency.parse('h-MON-FRI'))).toMatch(/e\.g\. h\.$/);
    expect(hintOf(days(8, 1), Frequency.parse('B'), 'shops-linear')).toMatch(
      /shops-linear was trained on B .*leave out what lies on closed/,
    );
  });
});
