import { describe, expect, it } from 'vitest';
import { asFlags, columns, duration, shortDate, table, toCsv } from './print.js';

describe('what the terminal shows', () => {
  it('aligns columns and leaves no blanks at the end of a line', () => {
    expect(
      table(
        ['name', 'n'],
        [
          ['a long name', 1],
          ['b', null],
        ],
      ),
    ).toBe('name         n\na long name  1\nb            -');
  });

  it('calls options what they are called here', () => {
    expect(asFlags('Set idColumn to "", or decimalSeparator to ",".')).toBe('Set --id-column to "", or --decimal-separator to ",".');
  });

  it('takes names of columns with commas between, or in quotes, once or often', () => {
    expect(columns('promo,price')).toEqual(['promo', 'price']);
    expect(columns('"Price, EUR",promo', ['x'])).toEqual(['x', 'Price, EUR', 'promo']);
  });

  it('writes columns as CSV, in their order, and ids that look like formulae so that they are none', () => {
    expect(toCsv({ unique_id: ['a, b', '=1+1'], ds: ['2024-01-01', 7], theta: [1.5, null] })).toBe(
      'unique_id,ds,theta\n"a, b",2024-01-01,1.5\n"\'=1+1",7,',
    );
  });

  it('says steps of plain integers as numbers', () => {
    expect([shortDate(45_293), shortDate('2024-01-31T00:00:00.000Z'), shortDate(0), shortDate(null)]).toEqual([
      '45293',
      '2024-01-31 00:00',
      '0',
      null,
    ]);
  });

  it('says durations as people do', () => {
    expect([0.26, 12.4, 61, 3720].map(duration)).toEqual(['0.3 s', '12 s', '1 min 1 s', '1 h 2 min']);
  });
});
