/** Intervals have the textbook width, their first steps do not depend on the horizon, and levels are percents. */
import { describe, expect, it } from 'vitest';
import { bySeries, Case } from '../support/cases.js';

const trial = new Case('34-interval-widths');

async function half(file: string, level: number): Promise<number[]> {
  const { answer } = await trial.post(trial.json(file));
  const [lo] = Object.values(bySeries(answer!, `${answer!.model}-lo-${level}`)).map((steps) => Object.values(steps) as number[]);
  const [hi] = Object.values(bySeries(answer!, `${answer!.model}-hi-${level}`)).map((steps) => Object.values(steps) as number[]);
  return hi!.map((value, h) => (value - lo![h]!) / 2);
}

describe('34 interval-widths', () => {
  it('of a random walk, naive', async () => {
    const [of95, of80] = [await half('walk-naive.json', 95), await half('walk-naive.json', 80)];
    expect(of95[0]).toBeCloseTo(1.9605, 4);
    expect(of95[9]).toBeCloseTo(6.1995, 3);
    expect(of80[9]).toBeCloseTo(4.0536, 3);
  });

  it('of a random walk, autoEts', async () => {
    const [, , , , , , , , , last] = await half('walk-autoEts.json', 95);
    expect(last!).toBeGreaterThan(4.96);
    expect(last!).toBeLessThan(7.75);
  });

  it('does not depend on the horizon', async () => {
    const columns = async (file: string): Promise<object> => {
      const { answer } = await trial.post(trial.json(file));
      return Object.fromEntries(Object.entries(answer!.columns).map(([name, values]) => [name, values.slice(0, 12)]));
    };
    const twelve = await columns('season-12.json');
    expect(await columns('season-13.json')).toEqual(twelve);
    expect(await columns('season-24.json')).toEqual(twelve);
  });

  it('names its columns by the level', async () => {
    const { answer } = await trial.post(trial.json('level-half.json'));
    expect(Object.keys(answer!.columns).slice(3)).toEqual(['naive', 'naive-lo-97.5', 'naive-hi-97.5', 'naive-lo-50', 'naive-hi-50']);
  });

  it.each([
    ['level-proportion.json', 'did you mean 80?'],
    ['level-outside.json', 'level 100'],
    ['level-negative.json', 'level -5'],
  ])('refuses %s by name', async (file, said) => {
    const { refusal } = await trial.post(trial.json(file));
    expect(refusal!.code).toBe('REQUEST_INVALID');
    expect(refusal!.words).toContain(said);
  });

  it('refuses the same on the command line', async () => {
    const csv = `unique_id,ds,y\n${Array.from({ length: 20 }, (_, t) => `a,2024-01-${String(t + 1).padStart(2, '0')},${t % 5}`).join('\n')}\n`;
    const { writeFileSync, mkdtempSync, rmSync } = await import('node:fs');
    const folder = mkdtempSync('/tmp/almanac-c34-');
    writeFileSync(`${folder}/a.csv`, csv);
    const said = await trial.cli(['forecast', '--file', `${folder}/a.csv`, '--horizon', '3', '--level', '0.8']);
    expect(said.code).toBe(1);
    expect(said.err).toContain('did you mean 80?');
    expect((await trial.cli(['forecast', '--file', `${folder}/a.csv`, '--horizon', '3', '--level', 'wide'])).code).toBe(2);
    expect((await trial.cli(['forecast', '--file', `${folder}/a.csv`, '--horizon', '3', '--level', '80,97.5'])).code).toBe(0);
    rmSync(folder, { recursive: true });
  });
});
