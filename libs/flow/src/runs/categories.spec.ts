import { describe, expect, it } from 'vitest';
import type { SeriesData } from '@almanac/forecasting';
import { asNumbers, readableCategories, unknownCategories, withOtherCategories } from './categories.js';
import { completed, maskedNotes, reportOn } from './covariates.js';

const series = (id: string, statics: Record<string, string | number | boolean | null>): SeriesData => ({
  ...{ id, firstStep: 0, values: Float64Array.of(1, 2, 3) },
  staticCovariates: asNumbers(statics),
});
const counts = (of: Record<string, Record<string, number>>): Map<string, Map<string, number>> =>
  new Map(Object.entries(of).map(([name, values]) => [name, new Map(Object.entries(values))]));
const names = { static: ['size', 'region = north', 'region = south'], past: [], future: [] };

describe('which categories are read', () => {
  it('those whose values several series share', () => {
    expect(readableCategories(counts({ region: { south: 2, north: 3, west: 1 } }))).toEqual({
      read: ['region = north', 'region = south'],
      leftOut: [],
    });
  });

  it('not those that say nothing, or more than can be learned: named, with the reason', () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`v${i}`, 2]));
    expect(readableCategories(counts({ brand: many, country: { DE: 9 }, name: { a: 1, b: 1 } }))).toEqual({
      read: [],
      leftOut: [
        { name: 'brand', reason: 'it has 51 values, and at most 50 are read' },
        { name: 'country', reason: 'every series has the same value' },
        { name: 'name', reason: 'every series has a value of its own, which says no more than its name' },
      ],
    });
  });
});

describe('a series', () => {
  it('has an indicator of its value, and 0 for the others', () => {
    const north = completed(series('a', { region: 'north', size: 3, open: true, note: null }), names, 0);
    expect(north.staticCovariates).toEqual({ 'region = north': 1, 'region = south': 0, size: 3, open: 1 });
    expect(maskedNotes(north, names)).toEqual([]);
  });

  it('of a value that was not learned is forecast without, and named in a warning', () => {
    const west = series('b', { region: 'west', size: 3 });
    expect(withOtherCategories(west, names.static).staticCovariates).toEqual({
      'region = west': 1,
      'region = north': 0,
      'region = south': 0,
      size: 3,
    });
    expect(unknownCategories(west, names)).toMatchObject([{ code: 'CATEGORY_UNKNOWN', detail: expect.stringContaining('region = west') }]);
    expect(maskedNotes(west, names)).toHaveLength(1);
  });

  it('without the category is masked, under the name that people know', () => {
    const none = series('c', { size: 3 });
    expect(completed(none, names, 0).staticCovariates).toEqual({ size: 3, 'region = north': Number.NaN, 'region = south': Number.NaN });
    expect(maskedNotes(none, names)).toEqual([{ code: 'COVARIATES_MASKED', detail: 'The series has no region; it was forecast without.' }]);
  });
});

it('a training says which categories it read, which not and why, and which series it could not place', () => {
  const panel = [
    series('a', { region: 'north', size: 1 }),
    series('b', { region: 'south', size: 2 }),
    series('c', { region: 'west', size: 3 }),
    series('d', { size: 4 }),
  ].map((one) => completed(one, names, 0));
  const categories = { read: names.static.slice(1), leftOut: [{ name: 'brand', reason: 'every series has the same value' }] };
  expect(reportOn(panel, categories, 'segment', { covariates: names })).toEqual({
    used: [
      { name: 'size', kind: 'static' },
      { name: 'region', kind: 'static' },
    ],
    leftOut: [{ name: 'brand', kind: 'static', reason: 'every series has the same value' }],
    masked: [{ name: 'region', kind: 'static', series: 2, examples: ['c', 'd'] }],
  });
  expect(
    reportOn(panel, categories, 'theta', {})
      .leftOut.map(({ name }) => name)
      .sort(),
  ).toEqual(['brand', 'region', 'size']);
});
