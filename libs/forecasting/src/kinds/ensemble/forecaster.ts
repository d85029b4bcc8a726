/**
 * The `ensemble` forecaster: members fitted on the same panel, forecasts combined quantile by quantile. Members differ by seed
 * and, where their settings say so, by context length or kind.
 *
 * Invariant: combining keeps quantiles in order, because a median and a mean of ordered rows are ordered.
 */
import { keepTo } from '../../dataset/target.js';
import { checkEnsembleConfig, type EnsembleConfig } from './config.js';
import { stackedWeights } from './stacking.js';
import type { Checkpoint, FitOptions, Forecaster, MemberMaker, Panel, PredictOptions, SeriesForecast, Room } from '../../forecaster.js';

/** Members get seeds this far apart, so that ensembles of neighbouring seeds share none. */
const SEED_STRIDE = 1009;

/** The seed of a member, for whoever trains it apart from the others. */
export const memberSeed = (seed: number, member: number): number => seed + member * SEED_STRIDE;

/** The checkpoint of an ensemble whose members were trained apart, in the order of its settings. */
export function joinMembers(config: EnsembleConfig, members: Checkpoint[]): Checkpoint {
  return joined(members, 'ensemble', (manifests) => ({ ...config, manifests }));
}

export class EnsembleForecaster implements Forecaster {
  readonly kind = 'ensemble';
  private members: Forecaster[];
  private settings: EnsembleConfig;

  constructor(
    config: EnsembleConfig,
    private readonly maker: MemberMaker,
    members?: Forecaster[],
  ) {
    checkEnsembleConfig(config);
    this.settings = config;
    this.members = members ?? config.members.map(({ kind, config }) => maker.create(kind, config));
  }

  static load(checkpoint: Checkpoint, maker: MemberMaker): EnsembleForecaster {
    const { manifests, ...config } = checkpoint.manifest.config as EnsembleConfig & { manifests: Checkpoint['manifest'][] };
    let from = 0;
    const members = manifests.map((manifest) => {
      const size = weightsOf(manifest);
      from += size;
      return maker.load({ manifest, weights: checkpoint.weights.slice(from - size, from) });
    });
    return new EnsembleForecaster(config, maker, members);
  }

  get config(): EnsembleConfig {
    return this.settings;
  }

  /** One member after the other; progress runs over all of them. A saved state belongs to the member in training. */
  async fit(panel: Panel, options: FitOptions): Promise<void> {
    const { resume, checkpoint, onProgress } = options;
    const saved = resume?.manifest.config as { done: Checkpoint['manifest'][]; member: Checkpoint['manifest'] } | undefined;
    const done = saved && resume ? this.restore(saved.done, resume.weights) : 0;
    for (let i = done; i < this.members.length; i++) {
      const finished = this.members.slice(0, i).map((member) => member.save());
      const own =
        saved && resume && i === done ? { manifest: saved.member, weights: resume.weights.slice(-weightsOf(saved.member)) } : undefined;
      await this.members[i]!.fit(panel, {
        ...options,
        seed: memberSeed(options.seed, i),
        ...(own ? { resume: own } : { resume: undefined }),
        ...(checkpoint ? { checkpoint: { ...checkpoint, save: (state) => checkpoint.save(stateOf(finished, state)) } } : {}),
        ...(onProgress ? { onProgress: (progress) => onProgress(overall(progress, i, this.members.length)) } : {}),
      } as FitOptions);
    }
    await this.weigh(panel, options.signal);
  }

  /** Learns the weights that stacking is for, from fitted members and the panel they were fitted on; nothing otherwise. */
  async weigh(panel: Panel, signal?: AbortSignal): Promise<void> {
    const { combine, stacking, members } = this.settings;
    if (combine !== 'stacked' || !stacking) return;
    const weights = await stackedWeights(this.members, panel, stacking, signal);
    this.settings = { ...this.settings, members: members.map((member, i) => ({ ...member, weight: weights[i]! })) };
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    // Rounding comes last: members agree on more than their rounded quantiles show.
    const { targets, ...each } = options;
    const all: SeriesForecast[][] = [];
    for (const member of this.members) all.push(await member.predict(panel, each));
    const weights = this.config.members.map(({ weight = 1 }) => weight);
    const combine = this.config.combine === 'median' ? median : (values: number[]): number => mean(values, weights);
    return all[0]!.map((first, s) => {
      const quantiles = first.quantiles.map((_, i) => combine(all.map((forecasts) => forecasts[s]!.quantiles[i]!)));
      // Members draw the k-th path from the same scores, so that combining them is combining quantiles.
      const drawn = all.every((forecasts) => forecasts[s]!.paths !== undefined);
      const paths = drawn ? first.paths?.map((_, i) => combine(all.map((forecasts) => forecasts[s]!.paths![i]!))) : undefined;
      const forecast = { ...first, quantiles: keepTo(targets?.get(first.id), quantiles) };
      delete forecast.paths;
      return paths ? { ...forecast, paths: keepTo(targets?.get(first.id), paths) } : forecast;
    });
  }

  save(): Checkpoint {
    return joinMembers(
      this.config,
      this.members.map((member) => member.save()),
    );
  }

  dispose(): void {
    for (const member of this.members) member.dispose();
  }

  /** Loads the members that an interrupted run had finished; returns how many. */
  private restore(done: Checkpoint['manifest'][], weights: Float32Array): number {
    let from = 0;
    const finished = done.map((manifest) => {
      const size = weightsOf(manifest);
      from += size;
      return this.maker.load({ manifest, weights: weights.slice(from - size, from) });
    });
    this.members = [...finished, ...this.members.slice(finished.length)];
    return finished.length;
  }
}

function stateOf(finished: Checkpoint[], state: Checkpoint): Checkpoint {
  return joined([...finished, state], 'ensemble-run', (manifests) => ({ done: manifests.slice(0, -1), member: manifests.at(-1) }));
}

/** Several checkpoints as one: their weights end to end, their manifests in its configuration. */
function joined(parts: Checkpoint[], kind: string, config: (manifests: Checkpoint['manifest'][]) => Record<string, unknown>): Checkpoint {
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

function weightsOf({ tensors }: Checkpoint['manifest']): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
}

function overall<T extends { step: number; totalSteps: number; etaSeconds: number; stepsPerSecond: number }>(
  progress: T,
  member: number,
  members: number,
): T {
  const left = (members - member - 1) * progress.totalSteps;
  return {
    ...progress,
    step: member * progress.totalSteps + progress.step,
    totalSteps: members * progress.totalSteps,
    etaSeconds: progress.etaSeconds + left / progress.stepsPerSecond,
  };
}

function mean(values: number[], weights: number[]): number {
  return values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / weights.reduce((sum, weight) => sum + weight, 0);
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const ensembleRoom: Room = {
  kinds: ['ensemble'],
  create: (_, config, maker) => new EnsembleForecaster(config as EnsembleConfig, maker),
  load: (checkpoint, maker) => EnsembleForecaster.load(checkpoint, maker),
};
