import { initEngine } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import { Parameters, type Tensors } from '../training/parameters.js';
import { alignmentTask } from '../testing/attentionTasks.js';
import { BRANCHES } from './branches.js';
import { forcedBranch } from './align.js';
import { pointwiseNetwork } from './pointwise.js';
import { pointerScores, windowsBefore } from './pointer.js';
import { temporalScores, temporalSpecs } from './temporal.js';

await initEngine();

const [B, L, H, F] = [2, 20, 5, 2];
const normal = (shape: number[], seed: number): tf.Tensor => {
  const random = new Random(seed);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );
};
const network = pointwiseNetwork({
  name: 'n',
  contextLength: L,
  horizon: H,
  hidden: 8,
  covariates: F,
  branches: BRANCHES,
  periods: [4],
  window: 3,
});
const weights = (): Tensors => {
  const parameters = new Parameters(network.specs);
  parameters.initialise(1);
  return parameters.named(parameters.tensors());
};
const x = normal([B, L], 1) as tf.Tensor2D;
const covariates = normal([B, L + H, F], 2) as tf.Tensor3D;

describe('the three alignments', () => {
  it('come out as maps and a gate whose rows sum to one', () => {
    const { forecast, maps, gate } = network.run(weights(), { x, covariates });
    expect(forecast.shape).toEqual([B, H]);
    expect(maps.map((map) => map.shape)).toEqual(BRANCHES.map(() => [B, H, L]));
    for (const rows of [...maps, gate])
      tf.sum(rows, 2)
        .dataSync()
        .forEach((sum) => expect(sum).toBeCloseTo(1, 5));
  });

  it('a forecast that fills the pointer with itself equals a training run that is fed that forecast', () => {
    const p = weights();
    const free = network.run(p, { x, covariates });
    const fed = network.run(p, { x, covariates, truth: free.forecast }).forecast.dataSync();
    free.forecast.dataSync().forEach((value, i) => expect(value).toBeCloseTo(fed[i]!, 5));
  });

  it('lets no series of a batch influence another', () => {
    const p = weights();
    const alone = network
      .run(p, { x: tf.slice(x, [1, 0], [1, L]), covariates: tf.slice(covariates, [1, 0, 0], [1, L + H, F]) })
      .forecast.dataSync();
    const among = tf.slice(network.run(p, { x, covariates }).forecast, [1, 0], [1, H]).dataSync();
    alone.forEach((value, i) => expect(value).toBeCloseTo(among[i]!, 5));
  });

  it('branch dropout lets one branch speak alone, a tenth of the time each, and stops before the end', () => {
    const { gate } = network.run(weights(), { x, covariates }, { forced: 2 });
    expect([...tf.mean(gate, [0, 1]).dataSync()]).toEqual([0, 0, 1]);
    const draws = Array.from({ length: 5000 }, (_, i) => forcedBranch(0, 100, 3, new Random(i)));
    for (const branch of [0, 1, 2]) expect(draws.filter((draw) => draw === branch).length / 5000).toBeCloseTo(0.1, 1);
    expect(draws.filter((draw) => draw === undefined).length / 5000).toBeCloseTo(0.7, 1);
    expect(Array.from({ length: 200 }, (_, i) => forcedBranch(80, 100, 3, new Random(i))).every((draw) => draw === undefined)).toBe(true);
  });

  it('temporal scores depend on the lag alone, and peak at the period', () => {
    const shape = { contextLength: 12, horizon: 3, periods: [4] };
    const parameters = new Parameters(temporalSpecs('t', shape));
    parameters.initialise(1);
    parameters.values.set(Float32Array.from({ length: 14 }, (_, k) => 0.001 * k));
    const scores = temporalScores(parameters.named(parameters.tensors()), 't', shape).arraySync();
    for (let i = 1; i < 3; i++) for (let j = 1; j < 12; j++) expect(scores[i]![j]).toBeCloseTo(scores[i - 1]![j - 1]!, 5);
    // Row 0 forecasts the step after the look-back: its lags run from 12 down to 1.
    expect(scores[0]![8]).toBeGreaterThan(scores[0]![9]!);
    expect(scores[0]![8]).toBeGreaterThan(scores[0]![7]!);
  });

  it('the pointer measures the distance between windows', () => {
    const windows = windowsBefore(tf.tensor2d([[1, 2, 3, 4]]), 2);
    expect(windows.arraySync()).toEqual([
      [
        [0, 0],
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ]);
    const { distances } = pointerScores({ 'p.sharpness': tf.tensor1d([1]) }, 'p', windows, tf.tensor3d([[[1, 4]]]));
    [8.5, 5, 2, 1].forEach((expected, j) => expect(distances.arraySync()[0]![0]![j]).toBeCloseTo(expected, 5));
  });
});

describe('what each alignment is for (longer in the bench)', () => {
  it('temporal: a season of any shape, found by its lag', async () => {
    const { mae, mass, uniform, gate } = await alignmentTask({ task: 'seasonal', branches: ['contextual', 'temporal'], steps: 130 });
    expect(mae).toBeLessThan(0.3);
    expect(mass.temporal!).toBeGreaterThan(1.5 * uniform);
    expect(gate.temporal!).toBeGreaterThan(0.9);
  });

  it('contextual: the level of a labelled regime that recurs', async () => {
    const { mae, mass, gate } = await alignmentTask({ task: 'regimes', branches: ['contextual', 'temporal'], steps: 150 });
    expect(mae).toBeLessThan(0.35);
    expect(mass.contextual!).toBeGreaterThan(0.9);
    expect(gate.contextual!).toBeGreaterThan(0.9);
  });

  it('contextual: the level after a break, not before it', async () => {
    const { mass, mae, untrained } = await alignmentTask({ task: 'breaks', branches: ['contextual', 'temporal'], steps: 120 });
    expect(mass.contextual!).toBeGreaterThan(0.85);
    expect(mae).toBeLessThan(0.4 * untrained);
  });

  it('pointer: a motif heard before, copied', async () => {
    const { mae, mass } = await alignmentTask({ task: 'copy', branches: ['pointer'], steps: 300 });
    expect(mae).toBeLessThan(0.3);
    expect(mass.pointer!).toBeGreaterThan(0.55);
  });
});
