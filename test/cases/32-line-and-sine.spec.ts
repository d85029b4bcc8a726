/**
 * A line at a million and a sine at a thousandth in one model: both go on.
 * That a network draws the sine takes all its training: `segment` and `ensemble` are tried in the long suites.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { Case, day, FULL_TRAINING } from '../support/cases.js';

const trial = new Case('32-line-and-sine');
const expected = trial.json<Record<string, Record<string, number>>>('expected.json');
const [lines, sines] = [expected['line, 14 steps']!, expected['sine, 14 steps']!];
const KINDS = FULL_TRAINING ? (expected['kinds'] as unknown as string[]) : ['linear', 'theta', 'autoEts'];

describe('32 line-and-sine', { timeout: 1_200_000 }, () => {
  beforeAll(async () => {
    await trial.stored('two.csv', { dataset: 'c32' });
  });

  it.each(KINDS)('%s', async (kind) => {
    const model = `c32-${kind}`;
    await trial.train({ dataset: 'c32', kind, horizon: 14 });
    await trial.forecast({ model });
    const rows = await trial.exported({ dataset: 'c32', model });
    const of = (id: string): Record<string, string>[] => rows.filter((row) => row['unique_id'] === id);
    const line = of('line').map((row) => Number(row[model]));
    const sine = of('sine').map((row) => Number(row[model]));
    expect(of('line').map((row) => day(row['ds']!))).toEqual(Object.keys(lines));
    expect(Math.max(...Object.values(lines).map((value, h) => Math.abs(line[h]! - value)))).toBeLessThan(5000);
    expect(Math.abs(line.at(-1)! - line[0]! - 26_000)).toBeLessThan(2600);
    expect(Math.max(...Object.values(sines).map((value, h) => Math.abs(sine[h]! - value)))).toBeLessThan(0.0003);
    expect(Math.max(...sine) - Math.min(...sine)).toBeGreaterThanOrEqual(0.0015);
    for (const row of of('sine')) expect(Number(row[`${model}-hi-80`]) - Number(row[`${model}-lo-80`])).toBeLessThan(0.002);
  });
});
