/**
 * `npm run bench -- training [--threads N] [--rounds N] [--python PATH] [--profile]`: one training step of the default
 * forecaster for an hourly panel (data, forward, backward, optimiser) beside the same network in eager PyTorch. PyTorch
 * gets its batches ready-made, as rows of windows that were read before; ours reads and scales its windows in every step.
 * `--profile` prints where our step goes, by tfjs operation.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initEngine } from '@almanac/kernels';
import { createForecaster, defaultConfig, type Panel, type SegmentConfig, type SeriesData } from '@almanac/forecasting';
import * as tf from '@tensorflow/tfjs-core';
import type { Bench, BenchRow } from './bench.js';
import { median, option, randomArray } from './measure.js';
import { findPython, PythonPeer } from './python.js';

/** What the bench uses of the inside of libs/forecasting: the peer must get the very same network and windows. */
interface Inside {
  sizes: { contextSegments: number; horizonSegments: number; segmentLength: number; inputs: number; queries: number; seasons: number };
  batch: Record<'segments' | 'queries' | 'candidates' | 'target' | 'observed', Float32Array> & {
    candidateBias: Float32Array | null;
    segmentBias: Float32Array | null;
    series: Int32Array;
  };
  tensors: { name: string; shape: number[]; offset: number }[];
  weights: Float32Array;
  quantiles: Float32Array;
}

/** Vectors no wider than those WebAssembly can use: what the processor's AVX-512 gives the peer shows in the difference. */
const NARROW = { ATEN_CPU_CAPABILITY: 'avx2', ONEDNN_MAX_CPU_ISA: 'AVX2', MKL_ENABLE_INSTRUCTIONS: 'AVX2' };
const POOL = 512;
const LARGEST_DIFFERENCE = 1e-4;
const [SERIES, LENGTH, HORIZON] = [80, 1200, 48];

function makePanel(): Panel {
  const noise = randomArray(SERIES * LENGTH, 1, 6);
  const series: SeriesData[] = Array.from({ length: SERIES }, (_, s) => ({
    id: `series-${s}`,
    firstStep: 0,
    values: Float64Array.from({ length: LENGTH }, (_, t) => {
      const [day, week] = [Math.sin((2 * Math.PI * t) / 24 + s), Math.sin((2 * Math.PI * t) / 168)];
      return 100 + 20 * day + 5 * week + noise[s * LENGTH + t]!;
    }),
  }));
  return { series, frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168] };
}

async function inside(panel: Panel, config: SegmentConfig): Promise<Inside> {
  // These are not part of the library's interface, and nothing but a bench that rebuilds the network should want them.
  const load = async (file: string): Promise<never> =>
    (await import(new URL(`../../../libs/forecasting/dist/${file}.js`, import.meta.url).href)) as never;
  const { KnownSeries, WindowReader }: { KnownSeries: never; WindowReader: never } = await load('kinds/segment/windows');
  const { forward, inputsOf }: Record<string, (...args: unknown[]) => never> = await load('kinds/segment/network');
  const { parameterSpecs }: Record<string, (...args: unknown[]) => never> = await load('kinds/segment/specs');
  const { Parameters }: { Parameters: never } = await load('training/parameters');
  type Reader = { sizes: Inside['sizes']; known: { rows: number }; read(windows: object[]): Inside['batch'] };
  type Weights = {
    values: Float32Array;
    initialise(seed: number): void;
    tensors(): tf.Tensor[];
    named(t: tf.Tensor[]): object;
    manifest(): Inside['tensors'];
  };
  const known = (KnownSeries as { of(...args: unknown[]): object }).of(panel.series, config);
  const reader = new (WindowReader as new (...args: unknown[]) => Reader)(config, known);
  const windows = Array.from({ length: POOL }, (_, i) => ({
    series: panel.series[i % SERIES]!,
    origin: config.contextLength + ((i * 37) % (LENGTH - config.contextLength - HORIZON)),
  }));
  const batch = reader.read(windows);
  const parameters = new (Parameters as new (...args: unknown[]) => Weights)(parameterSpecs!(config, reader.sizes, reader.known.rows));
  parameters.initialise(1);
  // Heads start at zero; a little of everything makes the comparison see them.
  const noise = randomArray(parameters.values.length, 2, 0.05);
  parameters.values.forEach((value, i) => (parameters.values[i] = value + noise[i]!));
  const quantiles = tf.tidy(() => {
    const output = forward!(parameters.named(parameters.tensors()), inputsOf!(batch, reader.sizes), config, reader.sizes, null) as {
      raw: tf.Tensor;
    };
    return output.raw.dataSync<'float32'>().slice();
  });
  return { sizes: reader.sizes, batch, tensors: parameters.manifest(), weights: parameters.values, quantiles };
}

/** Sends network and windows to the peer, and checks that its outputs are ours. */
async function prepare(peer: PythonPeer, panel: Panel, config: SegmentConfig, threads: number, folder: string): Promise<string> {
  const { sizes, batch, tensors, weights, quantiles } = await inside(panel, config);
  const { contextSegments: n, horizonSegments: m, segmentLength: w, seasons: K } = sizes;
  const parts: [string, number[], Float32Array][] = [
    ['segments', [n, POOL, sizes.inputs], batch.segments],
    ['queries', [m, POOL, sizes.queries], batch.queries],
    ['candidates', [m, POOL, w, K], batch.candidates],
    ['target', [m, POOL, w], batch.target],
    ['weight', [m, POOL, w], batch.observed],
    ['series', [POOL], Float32Array.from(batch.series)],
  ];
  if (batch.candidateBias) parts.push(['candidateBias', [m, POOL, w, K], batch.candidateBias]);
  if (batch.segmentBias) parts.push(['segmentBias', [POOL, 1, n], batch.segmentBias]);
  const [poolFile, weightFile, output] = ['pool', 'weights', 'output'].map((name) => join(folder, name)) as [string, string, string];
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);
  writeFileSync(poolFile, Buffer.concat(parts.map(([, , values]) => bytes(values))));
  writeFileSync(weightFile, bytes(weights));
  const { levels, hidden, cell = 'lstm', train } = config;
  const { torch } = await peer.ask<{ torch: string }>({
    op: 'load',
    ...{ threads, levels, hidden, cell, dropout: train.dropout, batch: train.batch, size: POOL, n, m, w, K, tensors, output },
    ...{ pool: poolFile, weights: weightFile, arrays: Object.fromEntries(parts.map(([name, shape]) => [name, shape])) },
    cumulative: cumulative(levels.length, levels.indexOf(0.5)),
  });
  const file = readFileSync(output);
  const theirs = new Float32Array(file.buffer, file.byteOffset, file.byteLength / 4);
  const worst = theirs.reduce(
    (max, value, i) => Math.max(max, Math.abs(value - quantiles[i]!)),
    theirs.length === quantiles.length ? 0 : Infinity,
  );
  if (!(worst <= LARGEST_DIFFERENCE))
    throw new Error(`the peer's quantiles differ from ours by ${worst.toExponential(1)}, more than ${LARGEST_DIFFERENCE}`);
  return torch;
}

/** [Q − 1, Q] of −1, 0, 1: increments outward from the median. */
function cumulative(Q: number, anchor: number): number[] {
  const at = (row: number, q: number): number => (row < anchor ? (q <= row ? -1 : 0) : q > row ? 1 : 0);
  return Array.from({ length: (Q - 1) * Q }, (_, i) => at(Math.floor(i / Q), i % Q));
}

/** Steps until the threads, which are new in every run, have compiled what they run; and those that are timed then. */
const [WARM, TIMED] = [100, 50];

/** Milliseconds a step, once warm. */
async function ours(panel: Panel, config: SegmentConfig, threads: number): Promise<number> {
  const at = new Map<number, number>();
  const model = createForecaster('segment', { ...config, train: { ...config.train, steps: WARM + TIMED + 5, validations: 1 } });
  await model.fit(panel, { seed: 1, threads, onProgress: ({ step }) => at.set(step, performance.now()) });
  model.dispose();
  return (at.get(WARM + TIMED)! - at.get(WARM)!) / TIMED;
}

async function profile(panel: Panel, config: SegmentConfig): Promise<void> {
  const times = new Map<string, number>();
  const engine = tf.engine() as unknown as { runKernel: (name: string, ...rest: unknown[]) => unknown };
  const original = engine.runKernel;
  engine.runKernel = function (name, ...rest) {
    const start = performance.now();
    try {
      return original.call(this, name, ...rest);
    } finally {
      times.set(name, (times.get(name) ?? 0) + performance.now() - start);
    }
  };
  const step = await ours(panel, config, 1);
  engine.runKernel = original;
  console.log(`  ${step.toFixed(1)} ms a step on one thread; over the whole run, per step:`);
  for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, 15))
    console.log(`  ${(time / (WARM + TIMED + 5)).toFixed(2).padStart(8)} ms  ${name}`);
}

export const training: Bench = {
  name: 'training',
  summary: 'one training step of the default forecaster (data, forward, backward, optimiser) beside the same network in PyTorch',
  async run(args) {
    const threads = Number(option(args, 'threads') ?? 2);
    const rounds = Number(option(args, 'rounds') ?? 7);
    const panel = makePanel();
    const lengths = panel.series.map(({ values }) => values.length);
    const config = defaultConfig({ frequency: 'h', seasonLengths: panel.seasonLengths, horizon: HORIZON, lengths, count: SERIES });
    await initEngine();
    if (args.includes('--profile')) await profile(panel, config);
    const folder = mkdtempSync(join(tmpdir(), 'almanac-bench-'));
    const start = (env?: Record<string, string>): PythonPeer => new PythonPeer(findPython(args), 'torch_training_peer.py', env);
    const peers = { theirs: start(), theirsSingle: start(), theirsNarrow: start(NARROW) };
    type Time = Record<keyof typeof peers | 'mine' | 'mineSingle', number>;
    try {
      let torch = '';
      for (const [name, peer] of Object.entries(peers)) {
        torch = await prepare(peer, panel, config, name === 'theirsSingle' ? 1 : threads, folder);
        await peer.ask({ op: 'time', steps: 20 });
      }
      const times: Time[] = [];
      for (let round = 0; round < rounds; round++) {
        const time = { mine: await ours(panel, config, threads) } as Time;
        for (const [name, peer] of Object.entries(peers))
          time[name as keyof typeof peers] = (await peer.ask<{ ms: number }>({ op: 'time', steps: TIMED })).ms;
        time.mineSingle = threads > 1 ? await ours(panel, config, 1) : time.mine;
        times.push(time);
      }
      const middle = (pick: (time: Time) => number): number => median(times.map(pick));
      const what = `segment forecaster, hidden ${config.hidden}, context ${config.contextLength}, batch ${config.train.batch}`;
      const row = (name: string, a: keyof Time, b: keyof Time, peerName: string): BenchRow => ({
        case: `${what}, ${name}`,
        ours: middle((time) => time[a]),
        peer: middle((time) => time[b]),
        peerName,
        unit: 'ms',
        ratio: middle((time) => time[a] / time[b]),
      });
      const rows = [row(`${threads} threads`, 'mine', 'theirs', `PyTorch ${torch}`)];
      if (threads === 1) return rows;
      return [
        ...rows,
        row(`${threads} threads`, 'mine', 'theirsNarrow', `PyTorch ${torch} held to AVX2, 256 bits as V8 has`),
        row('1 thread', 'mineSingle', 'theirsSingle', `PyTorch ${torch}`),
        row(`${threads} threads against one`, 'mine', 'mineSingle', 'ours, 1 thread'),
        row(`PyTorch's ${threads} threads against its one`, 'theirs', 'theirsSingle', 'PyTorch, 1 thread'),
      ];
    } finally {
      for (const peer of Object.values(peers)) peer.end();
      rmSync(folder, { recursive: true });
    }
  },
};
