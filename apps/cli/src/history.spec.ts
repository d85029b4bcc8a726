import { describe, expect, it } from 'vitest';
import { historiesOf, toCsv } from './history.js';

const columns = { id: 'unique_id', time: 'ds', value: 'y', futureCovariates: [] as string[] };

describe('a CSV of histories', () => {
  it('becomes a series per id, with gaps and rows of the future', () => {
    expect(historiesOf('unique_id,ds,y\na,2024-01-01,1\nb,7,2\na,2024-01-02,\na,2024-01-03,3\na,2024-01-04,\n', columns)).toEqual({
      series: [
        { uniqueId: 'a', ds: ['2024-01-01', '2024-01-02', '2024-01-03'], y: [1, null, 3] },
        { uniqueId: 'b', ds: [7], y: [2] },
      ],
      ahead: undefined,
    });
    const text = 'unique_id,ds,y,promo\na,1,5,0\na,2,,1\na,3,,1\nb,1,6,1\nb,2,,0\n';
    expect(historiesOf(text, { ...columns, futureCovariates: ['promo'] })).toEqual({
      series: [
        { uniqueId: 'a', ds: [1], y: [5], futureCovariates: { promo: [0, 1, 1] } },
        // What is shorter than the longest has holes, which the API refuses by series and time.
        { uniqueId: 'b', ds: [1], y: [6], futureCovariates: { promo: [1, 0, null] } },
      ],
      ahead: 2,
    });
  });

  it('is refused where a column is missing or a value is no number', () => {
    expect(() => historiesOf('unique_id,ds,y\na,"1,2\n', columns)).toThrow(/Row 2 is no CSV/);
    expect(() => historiesOf('id,ds,y\na,1,2\n', columns)).toThrow('no column "unique_id"');
    expect(() => historiesOf('unique_id,ds,y\na,1,two\n', columns)).toThrow('Line 2 of the file: "two" is no number.');
  });

  it('has the ids that the export was made of, those that look like formulae too', () => {
    const text = toCsv({ unique_id: ['=1+1', "'@x", 'plain'], ds: ['1', '1', '1'], y: [1, -2, 3] });
    expect(text).toContain(`"'=1+1",1,1`);
    expect(historiesOf(text, columns).series.map(({ uniqueId }) => uniqueId)).toEqual(["'@x", '=1+1', 'plain']);
  });

  it('is written with the columns in their order', () => {
    expect(toCsv({ unique_id: ['a, b', 'c'], ds: ['2024-01-01', '2024-01-02'], theta: [1.5, null] })).toBe(
      'unique_id,ds,theta\n"a, b",2024-01-01,1.5\nc,2024-01-02,',
    );
  });
});
