import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { csvOf, parseCsv, readText } from './csv.js';

describe('CSV', () => {
  it('quotes what would break a row, and leaves open what is not known', () => {
    const rows = [
      ['series', 'wql'],
      ['a, "b"', 0.5],
      ['c\nd', null],
    ];
    expect(csvOf(rows)).toBe('series,wql\n"a, ""b""",0.5\n"c\nd",\n');
  });

  it.each([
    ['=1+1', `"'=1+1"`],
    ['＝1+1', `"'＝1+1"`],
    ['+49', `"'+49"`],
    ['-5', `"'-5"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['\r=1', `"'\r=1"`],
    ["'=1", `"''=1"`],
    ["'quoted'", "'quoted'"],
    ['a=b', 'a=b'],
  ])('writes the text %j as %s', (text, written) => {
    expect(csvOf([[text, 'x']])).toBe(`${written},x\n`);
  });

  it('leaves numbers as they are', () => {
    expect(csvOf([[-1.5, 0, 1e21, true]])).toBe('-1.5,0,1e+21,true\n');
  });

  it('reads every text back as it was', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', '\r', '\n', '"', ',', 'a') }));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, fc.constant('end')), { minLength: 1 }), (rows) => {
        expect(parseCsv(csvOf(rows)).map((row) => row.map(readText))).toEqual(rows);
      }),
      { numRuns: 500 * inject('fuzz') },
    );
  });

  it('is read with quotes, either line ending and a byte order mark, and without empty lines', () => {
    expect(parseCsv('\uFEFFa,b\r\n"x, ""y""",2\r\n\r\n,\r\nlast,')).toEqual([
      ['a', 'b'],
      ['x, "y"', '2'],
      ['', ''],
      ['last', ''],
    ]);
    expect(() => parseCsv('a,"b\n')).toThrow(/Row 1 is no CSV/);
    expect(parseCsv('a;b\n"c;\nd";2\n"torn', { delimiter: ';', rows: 2 })).toEqual([
      ['a', 'b'],
      ['c;\nd', '2'],
    ]);
  });
});
