/**
 * A pretraining run: steps on synthetic windows with AdamW and averaged weights, saved every few minutes, so that it can be stopped at any
 * time and go on. The learning rate falls with the root of the steps, so a run has no planned end; an annealing run takes it to zero.
 */
import { mkdirSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initEngine, SharedOptimiser } from '@almanac/kernels';
import { evaluate, gradient } from '../kinds/pretrained/gradient.js';
import { parameterSpecs } from '../kinds/pretrained/specs.js';
import { Parameters } from '../training/parameters.js';
import { TrainingState } from '../training/state.js';
import { Batches } from './batches.js';
import { decodeState, encodeState } from './stateFile.js';
import type { Batch } from '../kinds/pretrained/windows.js';
import { heldOutBatches } from './heldOut.js';

export interface RunOptions {
  folder: string;
  seed: number;
  hours: number;
  /** Ends after so many steps in all, if that is sooner. */
  steps?: number;
  /** The learning rate goes to zero over this run, instead of falling slowly. */
  anneal: boolean;
  engine: 'auto' | 'wasm' | 'tensorflow';
  /** Scores averaged weights on other data, for the progress line; the run does not act on it. */
  inform?: (parameters: Parameters, values: Float32Array) => string;
  say: (line: string) => void;
}

const LEARNING_RATE = 2e-3;
const WARMUP = 300;
/** From this step on the learning rate falls. */
const FLAT = 2500;
const SETTINGS = { weightDecay: 1e-3, clip: 1, ema: 0.999 };
const SAVE_MINUTES = 3;
const INFORM_MINUTES = 6;
const MINUTE = 60_000;

export const STATE_FILE = 'state.bin';
/** Of the states of these runs. */
export const STATE_KIND = 'pretrained-run';

export async function pretrain(options: RunOptions): Promise<void> {
  const { folder, seed, hours, anneal, say, steps = Infinity } = options;
  mkdirSync(folder, { recursive: true });
  const engine = await initEngine({ engine: options.engine });
  const parameters = new Parameters(parameterSpecs());
  const optimiser = new SharedOptimiser(SharedOptimiser.allocate(parameters.values.length, 1), 0);
  optimiser.decay.set(parameters.decayMask());
  const state = new TrainingState(optimiser, { kind: STATE_KIND, seed, threads: 1, config: {} });
  const file = join(folder, STATE_FILE);
  if (existsSync(file)) state.restore(decodeState(readFileSync(file)));
  else {
    parameters.initialise(seed);
    optimiser.values.set(parameters.values);
    state.start();
  }
  const trained = new Parameters(parameterSpecs(), optimiser.values);
  say(`${trained.values.length} weights, ${engine.name} (${engine.variant}), from step ${state.step}`);
  let heldOut: Batch[] | undefined;
  const batches = new Batches(seed, state.step);
  const started = performance.now();
  const end = started + hours * 60 * MINUTE;
  const firstStep = state.step;
  let [saved, informed] = [started, anneal ? started : 0];
  let [sum, count] = [0, 0];
  const save = (): void => write(file, encodeState(state.save()));
  while (performance.now() < end && state.step < steps) {
    const batch = await batches.of(state.step);
    sum += gradient(trained, batch, optimiser.gradient);
    count++;
    optimiser.reduce();
    const left = anneal ? Math.max(0, (end - performance.now()) / (end - started)) : 1;
    optimiser.update({ ...SETTINGS, learningRate: left * learningRate(state.step), step: state.step + 1 });
    state.step++;
    const now = performance.now();
    if (now - saved < SAVE_MINUTES * MINUTE) continue;
    saved = now;
    heldOut ??= heldOutBatches();
    const loss = heldOut.reduce((total, one) => total + evaluate(trained, one, state.average), 0) / heldOut.length;
    state.scored(loss);
    save();
    const speed = (state.step - firstStep) / ((now - started) / 1000);
    let line = `${new Date().toISOString().slice(0, 19)} step ${state.step} loss ${(sum / count).toFixed(5)} held out ${loss.toFixed(5)} ${speed.toFixed(2)} steps/s`;
    if (options.inform && now - informed > INFORM_MINUTES * MINUTE) {
      informed = now;
      line += `\n  ${options.inform(trained, state.average)}`;
    }
    say(line);
    [sum, count] = [0, 0];
  }
  save();
  await batches.end();
  say(`stopped at step ${state.step}`);
}

function learningRate(step: number): number {
  return LEARNING_RATE * Math.min((step + 1) / WARMUP, Math.sqrt(FLAT / Math.max(FLAT, step)));
}

/** Whole or not at all. */
function write(file: string, bytes: Uint8Array): void {
  writeFileSync(`${file}.new`, bytes);
  renameSync(`${file}.new`, file);
}
