import { describe, expect, it } from 'vitest';
import { roleOf, sendable, withRole } from './roles';

const options = { dataset: 'd', timeColumn: 'day', valueColumn: 'sold', futureCovariates: ['price'] };

describe('the role of a column', () => {
  it('is read from the options, with the names that forecasters know where nothing is said', () => {
    expect(['unique_id', 'day', 'sold', 'price', 'colour'].map((column) => roleOf(options, column))).toEqual([
      'id',
      'time',
      'target',
      'futureCovariate',
      'ignored',
    ]);
  });

  it('is changed, and taken from the column that had it', () => {
    const next = withRole(options, 'returned', 'target');
    expect([roleOf(next, 'returned'), roleOf(next, 'sold')]).toEqual(['target', 'ignored']);
    const moved = withRole(next, 'price', 'staticCovariate');
    expect(moved).toMatchObject({ futureCovariates: [], staticCovariates: ['price'] });
    expect(roleOf(withRole(moved, 'price', 'ignored'), 'price')).toBe('ignored');
  });

  it('is sent where it was filled in; a file without ids is one series', () => {
    expect(sendable({ dataset: 'd', idColumn: '', timeColumn: 'day', valueColumn: 'sold', frequency: '' }, ['day', 'sold'])).toEqual({
      dataset: 'd',
      valueColumn: 'sold',
      timeColumn: 'day',
      idColumn: '',
    });
    expect(sendable({ dataset: 'd', idColumn: '' }, ['unique_id', 'ds', 'y'])).toEqual({ dataset: 'd' });
    // Nothing is known of a file that the browser cannot read.
    expect(sendable({ dataset: 'd', idColumn: '' }, undefined)).toEqual({ dataset: 'd' });
    expect(sendable({ dataset: 'd', layout: 'wide' }, ['ds', 'ATL', 'BOS'])).toEqual({ dataset: 'd', layout: 'wide' });
  });
});
