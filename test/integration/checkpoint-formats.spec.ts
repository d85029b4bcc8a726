/**
 * Checkpoints are loadable for ever: one of each format version ever released lies in test/fixtures, with what it forecast
 * when it was made. A fixture is never regenerated; a new format adds a folder.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CheckpointManifest, initEngine, loadForecaster, type Panel } from '@almanac/forecasting';

const fixture = (version: number, file: string): string =>
  fileURLToPath(new URL(`../fixtures/checkpoint-${version}/${file}`, import.meta.url));

/** The panel that the fixtures learned from, by formula. */
const panel: Panel = {
  frequency: 'h',
  timeZone: 'UTC',
  seasonLengths: [24],
  series: [0, 1, 2].map((k) => ({
    id: `s${k}`,
    firstStep: 0,
    values: Float64Array.from({ length: 240 }, (_, t) => 10 + k + 3 * Math.sin((2 * Math.PI * t) / 24) + ((t * 7 + k) % 5) / 5),
  })),
};

beforeAll(async () => {
  await initEngine({ engine: 'wasm' });
});

describe('checkpoints of every format version', () => {
  it.each([1])('version %i loads and forecasts as on the day it was made, to 1e-3', async (version) => {
    const manifest = JSON.parse(readFileSync(fixture(version, 'manifest.json'), 'utf8')) as CheckpointManifest;
    const bytes = readFileSync(fixture(version, 'weights.bin'));
    const weights = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const expected = JSON.parse(readFileSync(fixture(version, 'forecast.json'), 'utf8')) as {
      id: string;
      cutoff: number;
      quantiles: number[];
    }[];
    const model = loadForecaster({ manifest, weights });
    const forecasts = await model.predict(panel, { horizon: 24, levels: [0.1, 0.5, 0.9] });
    model.dispose();
    expect(forecasts.map(({ id, cutoff }) => ({ id, cutoff }))).toEqual(expected.map(({ id, cutoff }) => ({ id, cutoff })));
    forecasts.forEach(({ quantiles }, s) =>
      quantiles.forEach((value, i) => expect(Math.abs(value - expected[s]!.quantiles[i]!)).toBeLessThan(1e-3)),
    );
  });
});
