/** A total beside its parts is told from series that only happen to be large, and named. */
import { describe, expect, it } from 'vitest';
import { isTotalName, Totals } from './totals.js';

const STEPS = 60;
const wave = (at: number, seed: number): number =>
  Math.round(100 + 10 * seed + 30 * Math.sin(at / (2 + seed)) + ((at * 7919 + seed * 104729) % 17));
const of = (value: (at: number) => number, length = STEPS): Float64Array => Float64Array.from({ length }, (_, at) => value(at));

function found(series: Record<string, Float64Array>, from = 0): { sums: string[]; names: string[] } {
  const totals = new Totals();
  for (const [id, values] of Object.entries(series)) totals.add(id, from, values);
  return totals.find();
}

describe('Totals', () => {
  const parts = { north: of((at) => wave(at, 1)), south: of((at) => wave(at, 2)), west: of((at) => wave(at, 3)) };
  const sum = (...ids: (keyof typeof parts)[]): Float64Array => of((at) => ids.reduce((all, id) => all + parts[id][at]!, 0));

  it('finds the sum of the others whatever it is called, wherever it stands', () => {
    expect(found({ company: sum('north', 'south', 'west'), ...parts })).toEqual({ sums: ['company'], names: [] });
    expect(found({ ...parts, zz: sum('north', 'south', 'west').map((value) => value + 0.4) }).sums).toEqual(['zz']);
  });

  it('finds it over a level between, where a part has holes, and in a long history', () => {
    const country = sum('north', 'south', 'west');
    expect(
      found({
        ...parts,
        east: sum('north'),
        coasts: sum('west', 'north'),
        inland: sum('south', 'north'),
        all: country.map((v, at) => v + parts.north[at]!),
      }).sums,
    ).toEqual(['all']);
    const long = (seed: number): Float64Array => of((at) => wave(at, seed), 40_000);
    const [a, b] = [long(1), long(2)];
    expect(found({ a, b, c: a.map((value, at) => value + b[at]!) }, -12_345).sums).toEqual(['c']);
  });

  it('takes no large series for a total', () => {
    expect(found({ ...parts, large: of((at) => 3 * wave(at, 5)) })).toEqual({ sums: [], names: [] });
    expect(found({ a: of(() => 6), b: of(() => 3), c: of(() => 3), d: of(() => 3), e: of(() => 3) }).sums).toEqual([]);
    expect(found(parts)).toEqual({ sums: [], names: [] });
    expect(found({ one: parts.north })).toEqual({ sums: [], names: [] });
  });

  it('names those that are called so', () => {
    expect(found({ ...parts, Total: of((at) => wave(at, 4)) })).toEqual({ sums: [], names: ['Total'] });
    expect(found({ ...parts, 'north Total': parts.north, 'cost total': parts.west }).names).toEqual(['north Total']);
    expect(
      ['Total', 'Grand Total', 'Summe', 'Gesamtergebnis', 'Total général', 'All stores', 'Общий итог', '合計', 'TOTAL '].every(isTotalName),
    ).toBe(true);
    expect(['Totally', 'Allen', 'Summer', 'Sumatra', 'Total Energies', 'all-purpose flour'].some(isTotalName)).toBe(false);
  });

  it('says what they do', () => {
    const totals = new Totals();
    for (const [id, values] of Object.entries({ ...parts, company: sum('north', 'south', 'west'), Total: parts.north }))
      totals.add(id, 0, values);
    expect(totals.warnings()[0]).toMatch(/"Total" is named like a total.*counts it twice/);
  });
});
