// The measured run needs a process of its own, which starts from compiled code.
import { execFileSync } from 'node:child_process';
import type { EngineName } from '@almanac/kernels';
import { describe, expect, it } from 'vitest';
import { defaultConfig } from './config.js';
import { predictMemory } from './memory.js';

const facts = { frequency: 'h', seasonLengths: [24, 168], horizon: 48, lengths: [1200], count: 40 };

const script = (hidden: number, batch: number): string => `
  const { createForecaster, defaultConfig } = await import(${JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)});
  const config = defaultConfig(${JSON.stringify(facts)});
  const series = Array.from({ length: 40 }, (_, k) => ({ id: 's' + k, firstStep: 0, values: Float64Array.from({ length: 1200 }, (_, t) => Math.sin(t * 0.26) + k) }));
  const model = createForecaster('segment', { ...config, hidden: ${hidden}, train: { ...config.train, batch: ${batch}, steps: 3, validationSeries: 0 } });
  await model.fit({ frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series }, { seed: 1 });
  const { name } = await (await import(${JSON.stringify(import.meta.resolve('@almanac/kernels'))})).initEngine();
  process.stdout.write(JSON.stringify({ used: process.resourceUsage().maxRSS * 1024, engine: name }));
`;

describe('predictMemory', () => {
  it.each([
    { hidden: 16, batch: 16 },
    { hidden: 192, batch: 512 },
  ])('is within a factor of two of what a run with $hidden units and batches of $batch takes', ({ hidden, batch }) => {
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script(hidden, batch)], { encoding: 'utf8' });
    const { used, engine } = JSON.parse(output) as { used: number; engine: EngineName };
    const config = defaultConfig(facts);
    const { total } = predictMemory({ ...config, hidden, train: { ...config.train, batch } }, { count: 40, observations: 48_000, engine });
    expect(total / used).toBeGreaterThan(0.5);
    expect(total / used).toBeLessThan(2);
  });

  it('grows with threads, batch, width and data', () => {
    const config = defaultConfig(facts);
    const total = (changes: object, more: object = {}): number =>
      predictMemory({ ...config, ...changes }, { count: 40, observations: 48_000, ...more }).total;
    const base = total({});
    expect(total({ hidden: 256 })).toBeGreaterThan(base);
    expect(total({ train: { ...config.train, batch: 1024 } })).toBeGreaterThan(base);
    expect(total({}, { threads: 4 })).toBeGreaterThan(base);
    expect(total({}, { observations: 1e8 })).toBeGreaterThan(base + 7e8);
  });
});
