import { describe, expect, it } from 'vitest';
import { preview, previewText, suggestMapping } from './preview';
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

describe('the target that is proposed', () => {
  const proposed = (text: string): unknown => suggestMapping(previewText(text)!).valueColumn;

  it('is known by its name wherever it stands', () => {
    expect(proposed('date;price;Umsatz netto;shop\n01.02.2024;9,99;1.234,50;A\n02.02.2024;9,99;1.100,00;A\n')).toBe('Umsatz netto');
    expect(proposed('shop,date,temperature,units_sold\nA,2024-01-01,3.5,12\nA,2024-01-02,4,9\n')).toBe('units_sold');
  });

  it('is a number however it is written', () => {
    expect(proposed('laden;tag;betrag\nA;01.02.2024;1.234,50 €\nA;02.02.2024;-12,00 €\n')).toBe('betrag');
    expect(proposed('shop,day,taken\nA,2024-01-01,"$1,234.50"\nA,2024-01-02,($12.00)\n')).toBe('taken');
  });

  it('is never a flag, an id or a part of a date', () => {
    expect(proposed('shop,date,promo,store_id,year,taken\nA,2024-01-01,0,17,2024,5\nA,2024-01-02,1,17,2024,6\n')).toBe('taken');
    expect(proposed('shop,date,open\nA,2024-01-01,yes\nA,2024-01-02,no\n')).toBeUndefined();
    expect(suggestMapping(previewText('date,open,sold\n2024-01-01,yes,3\n2024-01-02,no,4\n')!)).toEqual({
      timeColumn: 'date',
      valueColumn: 'sold',
    });
    expect(suggestMapping(previewText('storeId,date,taken\n101,2024-01-01,3\n101,2024-01-02,4\n')!).idColumn).toBe('storeId');
  });

  it('is found in a file of Windows-1252', async () => {
    const text = 'filiale;datum;erl\u00f6s\nK\u00f6ln;01.02.2024;3,50\n';
    const bytes = Uint8Array.from([...text].map((letter) => letter.charCodeAt(0)));
    const shown = await preview(new File([bytes], 'a.csv'));
    expect(shown).toEqual({ columns: ['filiale', 'datum', 'erl\u00f6s'], rows: [['K\u00f6ln', '01.02.2024', '3,50']] });
    expect(suggestMapping(shown!)).toEqual({ idColumn: 'filiale', timeColumn: 'datum', decimalSeparator: ',', valueColumn: 'erl\u00f6s' });
  });
});
