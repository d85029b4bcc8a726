import { describe, expect, it } from 'vitest';
import { previewText, splitLine, suggestMapping } from './preview';

describe('the first rows of a file', () => {
  it('finds the delimiter, and keeps it inside quotes', () => {
    expect(splitLine('a;"b;c";"d ""e"""', ';')).toEqual(['a', 'b;c', 'd "e"']);
    expect(previewText('shop;day;sold\nA;2024-01-01;3\n')).toEqual({ columns: ['shop', 'day', 'sold'], rows: [['A', '2024-01-01', '3']] });
  });

  it('reads lines of JSON', () => {
    expect(previewText('{"unique_id":"a","y":1}\n')).toEqual({ columns: ['unique_id', 'y'], rows: [['a', '1']] });
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
    });
  });
});
