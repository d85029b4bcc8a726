/** A delimiter too many at the end of lines moves no column. */
import { describe, expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('19-trailing-delimiters');
const expected = trial.json<Record<string, { series: Record<string, number[]> }>>('expected.json')['each of the five files']!;

describe('19 trailing-delimiters', () => {
  it.each(['both', 'first-row-only', 'header-only', 'preamble', 'rows-only'])('%s is the same table', async (name) => {
    const dataset = `c19-${name}`;
    const findings = await trial.stored(`${name}.csv`, { dataset });
    expect(findings).toMatchObject({ observations: 10, rowsRejected: 0, series: 2, start: '2024-01-01T00:00:00.000Z' });
    for (const [id, values] of Object.entries(expected.series)) expect((await trial.observations(dataset, id)).y).toEqual(values);
  });
});
