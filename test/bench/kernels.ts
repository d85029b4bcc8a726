/**
 * `npm run bench -- kernels [--threads N] [--rounds N] [--python PATH]`: one training step (forward and backward) of one
 * recurrent layer, ours on the `wasm` engine beside eager PyTorch, with the same weights and the same number of threads.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startReplicas } from '@almanac/kernels';
import type { Bench, BenchRow } from './bench.js';
import { gateCount, gradientSize, type LayerCase, type LayerData, LayerStep } from './layer.js';
import { median, option, randomArray } from './measure.js';
import { findPython, PythonPeer } from './python.js';

const sizes = [
  { T: 168, B: 128, I: 8, H: 64 },
  { T: 168, B: 32, I: 8, H: 32 },
  { T: 48, B: 64, I: 8, H: 64 },
  { T: 168, B: 256, I: 16, H: 128 },
];
const cases: LayerCase[] = (['lstm', 'gru'] as const).flatMap((kind) => sizes.map((size) => ({ kind, ...size })));
const LARGEST_DIFFERENCE = 1e-4;

async function measure(layer: LayerCase, threads: number, rounds: number, peer: PythonPeer, folder: string): Promise<BenchRow> {
  const { kind, T, B, I, H } = layer;
  const gates = gateCount[kind];
  const data: LayerData = {
    layer,
    x: randomArray(T * B * I, 1, 1),
    wx: randomArray(I * gates * H, 2, 1 / Math.sqrt(H)),
    wh: randomArray(H * gates * H, 3, 1 / Math.sqrt(H)),
    b: randomArray(gates * H, 4, 0.1),
    bu: randomArray(gates * H, 5, kind === 'gru' ? 0.1 : 0),
    dy: randomArray(T * B * H, 6, 1),
    h: randomArray(T * B * H, 7, 0),
    dx: randomArray(T * B * I, 8, 0),
  };
  const input = join(folder, 'input');
  const output = join(folder, 'output');
  writeFileSync(input, Buffer.concat([data.x, data.wx, data.wh, data.b, data.bu, data.dy].map((part) => Buffer.from(part.buffer))));
  const { torch } = await peer.ask<{ torch: string }>({ op: 'load', ...layer, threads, input, output });

  const replicas = startReplicas({ script: new URL('./layer.worker.js', import.meta.url), threads, floats: gradientSize(layer), data });
  try {
    const step = await LayerStep.start(data, 0, threads);
    step.run(true);
    await replicas.group.sum(step.gradient);
    compare(`${kind} outputs and gradients`, readFileSync(output), [data.h, data.dx, step.gradient]);

    const ours = async (steps: number): Promise<number> => {
      await replicas.group.sum(Float32Array.of(steps));
      const start = performance.now();
      for (let i = 0; i < steps; i++) {
        step.run();
        await replicas.group.sum(step.gradient);
      }
      return (performance.now() - start) / steps;
    };
    const theirs = async (steps: number): Promise<number> => (await peer.ask<{ ms: number }>({ op: 'time', steps })).ms;
    await ours(3);
    await theirs(3);
    const steps = Math.max(2, Math.ceil(150 / (await ours(2))));
    const times: [number, number][] = [];
    for (let round = 0; round < rounds; round++) times.push([await ours(steps), await theirs(steps)]);
    const [a, b] = [median(times.map(([mine]) => mine)), median(times.map(([, other]) => other))];
    return {
      case: `${kind.toUpperCase()} T${T} B${B} I${I} H${H}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      ours: a,
      peer: b,
      peerName: `PyTorch ${torch}`,
      unit: 'ms',
      ratio: median(times.map(([mine, other]) => mine / other)),
    };
  } finally {
    await replicas.end();
  }
}

/** Largest difference, relative to the largest value of each array. */
function compare(what: string, theirs: Buffer, ours: Float32Array[]): void {
  const all = new Float32Array(theirs.buffer, theirs.byteOffset, theirs.byteLength / 4);
  let at = 0;
  for (const array of ours) {
    const peer = all.subarray(at, (at += array.length));
    const scale = peer.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
    const worst = array.reduce((max, value, i) => Math.max(max, Math.abs(value - peer[i]!)), 0) / scale;
    if (!(worst <= LARGEST_DIFFERENCE))
      throw new Error(`${what} differ from PyTorch's by ${worst.toExponential(1)}, more than ${LARGEST_DIFFERENCE}`);
  }
}

export const kernels: Bench = {
  name: 'kernels',
  summary: 'one training step of one recurrent layer, forward and backward, beside PyTorch with the same weights and threads',
  async run(args) {
    const threads = Number(option(args, 'threads') ?? 2);
    const rounds = Number(option(args, 'rounds') ?? 9);
    const only = option(args, 'only');
    const folder = mkdtempSync(join(tmpdir(), 'almanac-bench-'));
    const peer = new PythonPeer(findPython(args), 'torch_peer.py');
    const rows: BenchRow[] = [];
    try {
      for (const layer of cases.filter(({ kind }) => only === undefined || kind === only))
        rows.push(await measure(layer, threads, rounds, peer, folder));
    } finally {
      peer.end();
      rmSync(folder, { recursive: true });
    }
    return rows;
  },
};
