import { describe, expect, it } from 'vitest';
import { preview, previewText, suggestMapping, truthNote } from './preview';

describe('the first rows of a file', () => {
  it('finds the delimiter, and keeps it inside quotes', () => {
    expect(previewText('x;y;z\na;"b;c";"d ""e"""\n')?.rows).toEqual([['a', 'b;c', 'd "e"']]);
    expect(previewText('shop;day;sold\nA;2024-01-01;3\n')).toEqual({ columns: ['shop', 'day', 'sold'], rows: [['A', '2024-01-01', '3']] });
  });

  it('reads lines of JSON', () => {
    expect(previewText('{"unique_id":"a","y":1}\n')).toEqual({ columns: ['unique_id', 'y'], rows: [['a', '1']] });
  });

  it('reads an array of JSON, cut anywhere', () => {
    expect(previewText('[{"unique_id":"a","y":1},\n {"unique_id":"b","y":null}, {"unique_id":"c","y"')).toEqual({
      columns: ['unique_id', 'y'],
      rows: [
        ['a', '1'],
        ['b', ''],
      ],
    });
  });

  it('unpacks gzip, follows the byte order mark, and leaves the rest to the dry run', async () => {
    const text = 'shop;sold\nÄ;3\n';
    const expected = { columns: ['shop', 'sold'], rows: [['Ä', '3']] };
    const gz = await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).blob();
    expect(await preview(new File([gz], 'a.csv.gz'))).toEqual(expected);
    const utf16 = Uint8Array.from([0xff, 0xfe, ...[...text].flatMap((letter) => [letter.charCodeAt(0) & 255, letter.charCodeAt(0) >> 8])]);
    expect(await preview(new File([utf16], 'a.csv'))).toEqual(expected);
    expect(await preview(new File(['damaged'], 'a.csv.gz'))).toBeUndefined();
    expect(await preview(new File(['PAR1'], 'a.parquet'))).toBeUndefined();
  });

  it('suggests the columns by name, else by what the cells look like', () => {
    expect(suggestMapping({ columns: ['unique_id', 'ds', 'y'], rows: [] })).toEqual({
      idColumn: 'unique_id',
      timeColumn: 'ds',
      valueColumn: 'y',
    });
    expect(suggestMapping({ columns: ['shop', 'day', 'sold'], rows: [['A', '2024-01-01', '3,5']] })).toEqual({
      idColumn: 'shop',
      timeColumn: 'day',
      valueColumn: 'sold',
      decimalSeparator: ',',
    });
    const slip = [1, 2, 3, 4].map((day) => ['A', `2024-01-0${day}`, day === 2 ? 'two' : String(day), '10']);
    expect(suggestMapping({ columns: ['shop', 'day', 'sold', 'price'], rows: slip }).valueColumn).toBe('sold');
    // One series, without a column that names it; and one column for each series.
    expect(suggestMapping({ columns: ['ds', 'y'], rows: [['2024-01-01', '3']] })).toEqual({ timeColumn: 'ds', valueColumn: 'y' });
    expect(suggestMapping({ columns: ['ds', 'ATL', 'BOS'], rows: [['2024-01-01', '3', '']] })).toEqual({
      timeColumn: 'ds',
      layout: 'wide',
    });
  });
});

it('sees how numbers are written, where that leaves no doubt', () => {
  const of = (...cells: string[]) =>
    suggestMapping({ columns: ['shop', 'day', 'sold'], rows: cells.map((cell) => ['A', '2024-01-01', cell]) });
  expect(of('2049,65', '17,00')).toMatchObject({ valueColumn: 'sold', decimalSeparator: ',' });
  expect(of('1.204,50 €', '17,00 €')).toMatchObject({ decimalSeparator: ',', thousandsSeparator: '.' });
  expect(of('1,204.50', '17.25')).toMatchObject({ thousandsSeparator: ',' });
  for (const plain of [of('2049.65'), of('1,204'), of('1.204'), of('12')]) expect(plain).not.toHaveProperty('decimalSeparator');
});

it('proposes 0 and 1 for yes and no where numbers are wanted, in the words of a refusal', () => {
  const head = {
    columns: ['sold', 'promo', 'open'],
    rows: [
      ['yes', 'on', 'true'],
      ['no', 'off', 'No'],
    ],
  };
  expect(truthNote(head, 'sold', 'target')).toBe('sold: Write 1 and 0 for yes and no.');
  expect(truthNote(head, 'promo', 'futureCovariate')).toBe('promo: Write 1 and 0 for yes and no.');
  // Read as they are.
  expect(truthNote(head, 'open', 'pastCovariate')).toBeUndefined();
  expect(truthNote(head, 'promo', 'staticCovariate')).toBeUndefined();
  expect(truthNote(head, 'promo', 'ignored')).toBeUndefined();
});

describe('a time that is spread over columns', () => {
  it.each([
    [['Date', 'Time', 'Load'], ['2024-01-01', '00:00', '5'], { timeColumn: 'Date + Time', valueColumn: 'Load' }],
    [['store', 'year', 'week', 'sales'], ['a', '2024', '5', '7'], { idColumn: 'store', timeColumn: 'year + week', valueColumn: 'sales' }],
  ])('%j is proposed together', (columns, row, mapping) => {
    expect(suggestMapping({ columns, rows: [row] })).toEqual(mapping);
  });
});
