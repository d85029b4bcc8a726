/**
 * Forecasters that one model is made of: fitted one after the other (or apart, by whichever workers are free), saved as one checkpoint.
 *
 * Invariant: a member has the seed that its place gives it, so a model has the same weights however its members were trained.
 */
import type { Checkpoint, CheckpointManifest, FitOptions, FitProgress, Forecaster, MemberMaker, Panel } from '../forecaster.js';
import { plans } from './plans.js';
import { refuseStart } from './start.js';

/** Members get seeds this far apart, so that models of neighbouring seeds share none. */
const SEED_STRIDE = 1009;

/** The seed of a member, for whoever trains it apart from the others. */
export const memberSeed = (seed: number, member: number): number => seed + member * SEED_STRIDE;

/** The checkpoint of a model whose members were trained apart, in the order of its settings. */
export function joinMembers(kind: string, config: Record<string, unknown>, members: readonly Checkpoint[]): Checkpoint {
  return joined(members, kind, (manifests) => ({ ...config, manifests }));
}

/** The members of a checkpoint that `joinMembers` made, and the settings of the whole. */
export function loadMembers({ manifest, weights }: Checkpoint, maker: MemberMaker): { config: Record<string, unknown>; members: Members } {
  const { manifests, ...config } = manifest.config as { manifests: CheckpointManifest[] };
  return { config, members: new Members(loadAll(manifests, weights, maker), maker) };
}

export class Members {
  constructor(
    private forecasters: Forecaster[],
    private readonly maker: MemberMaker,
  ) {}

  get all(): readonly Forecaster[] {
    return this.forecasters;
  }

  /** One after the other; progress runs over the steps of all. A saved state belongs to the member in training. @param kind of the whole */
  async fit(kind: string, panel: Panel, options: FitOptions): Promise<void> {
    refuseStart(kind, options);
    const { resume, checkpoint, onProgress } = options;
    const steps = this.forecasters.map((one) => stepsOf(one));
    const saved = resume?.manifest.config as { done: CheckpointManifest[]; member: CheckpointManifest } | undefined;
    const done = saved && resume ? this.restore(saved.done, resume.weights) : 0;
    for (let i = done; i < this.forecasters.length; i++) {
      const finished = this.forecasters.slice(0, i).map((member) => member.save());
      const own =
        saved && resume && i === done ? { manifest: saved.member, weights: resume.weights.slice(-weightsOf(saved.member)) } : undefined;
      await this.forecasters[i]!.fit(panel, {
        ...options,
        seed: memberSeed(options.seed, i),
        ...(own ? { resume: own } : { resume: undefined }),
        ...(checkpoint ? { checkpoint: { ...checkpoint, save: (state) => checkpoint.save(stateOf(kind, finished, state)) } } : {}),
        ...(onProgress && steps[i]! > 0
          ? { onProgress: (progress) => onProgress(overall(progress, i, steps)) }
          : { onProgress: undefined }),
      } as FitOptions);
    }
  }

  save(): Checkpoint[] {
    return this.forecasters.map((member) => member.save());
  }

  dispose(): void {
    for (const member of this.forecasters) member.dispose();
  }

  /** Loads the members that an interrupted run had finished; returns how many. */
  private restore(done: CheckpointManifest[], weights: Float32Array): number {
    const finished = loadAll(done, weights, this.maker);
    this.forecasters = [...finished, ...this.forecasters.slice(finished.length)];
    return finished.length;
  }
}

function loadAll(manifests: readonly CheckpointManifest[], weights: Float32Array, maker: MemberMaker): Forecaster[] {
  let from = 0;
  return manifests.map((manifest) => {
    const size = weightsOf(manifest);
    from += size;
    return maker.load({ manifest, weights: weights.slice(from - size, from) });
  });
}

function stateOf(kind: string, finished: Checkpoint[], state: Checkpoint): Checkpoint {
  return joined([...finished, state], `${kind}-run`, (manifests) => ({ done: manifests.slice(0, -1), member: manifests.at(-1) }));
}

/** Several checkpoints as one: their weights end to end, their manifests in its configuration. */
function joined(
  parts: readonly Checkpoint[],
  kind: string,
  config: (manifests: CheckpointManifest[]) => Record<string, unknown>,
): Checkpoint {
  const weights = new Float32Array(parts.reduce((sum, part) => sum + part.weights.length, 0));
  let at = 0;
  for (const part of parts) {
    weights.set(part.weights, at);
    at += part.weights.length;
  }
  const whole = { name: 'members', shape: [weights.length], offset: 0 };
  return {
    manifest: { format: 'almanac-checkpoint', version: 1, kind, config: config(parts.map(({ manifest }) => manifest)), tensors: [whole] },
    weights,
  };
}

function weightsOf({ tensors }: CheckpointManifest): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
}

/** Optimiser steps of a member; 0 for one that is fitted in one go, and has no progress to speak of. */
function stepsOf({ kind, config }: Forecaster): number {
  return plans.of(kind).work({ ...config }, { count: 1, observations: 1 }, plans).steps;
}

function overall(progress: FitProgress, member: number, steps: readonly number[]): FitProgress {
  const sum = (of: readonly number[]): number => of.reduce((total, one) => total + one, 0);
  return {
    ...progress,
    step: sum(steps.slice(0, member)) + progress.step,
    totalSteps: sum(steps),
    etaSeconds: progress.etaSeconds + sum(steps.slice(member + 1)) / progress.stepsPerSecond,
  };
}
