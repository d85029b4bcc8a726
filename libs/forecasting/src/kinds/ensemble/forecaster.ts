/**
 * The `ensemble` forecaster: members fitted on the same panel, forecasts combined quantile by quantile. Members differ by seed
 * and, where their settings say so, by context length or kind.
 *
 * Invariant: combining keeps quantiles in order, because a median and a mean of ordered rows are ordered.
 */
import { keepTo } from '../../dataset/target.js';
import { borrowedAt } from '../../notes.js';
import { joinMembers, loadMembers, Members } from '../members.js';
import { checkEnsembleConfig, type EnsembleConfig } from './config.js';
import { stackedWeights } from './stacking.js';
import type { Checkpoint, FitOptions, Forecaster, MemberMaker, Panel, PredictOptions, SeriesForecast, Room } from '../../forecaster.js';

export class EnsembleForecaster implements Forecaster {
  readonly kind = 'ensemble';
  private readonly members: Members;
  private settings: EnsembleConfig;

  constructor(config: EnsembleConfig, maker: MemberMaker, members?: Members) {
    checkEnsembleConfig(config);
    this.settings = config;
    this.members =
      members ??
      new Members(
        config.members.map(({ kind, config }) => maker.create(kind, config)),
        maker,
      );
  }

  static load(checkpoint: Checkpoint, maker: MemberMaker): EnsembleForecaster {
    const { config, members } = loadMembers(checkpoint, maker);
    return new EnsembleForecaster(config as EnsembleConfig, maker, members);
  }

  get config(): EnsembleConfig {
    return this.settings;
  }

  async fit(panel: Panel, options: FitOptions): Promise<void> {
    await this.members.fit(this.kind, panel, options);
    await this.weigh(panel, options);
  }

  /** Learns the weights that stacking is for, from fitted members and the panel they were fitted on; nothing otherwise. */
  async weigh(panel: Panel, { signal }: Pick<FitOptions, 'signal'>): Promise<void> {
    const { combine, stacking, members } = this.settings;
    if (combine !== 'stacked' || !stacking) return;
    const weights = await stackedWeights(this.members.all, panel, stacking, signal);
    this.settings = { ...this.settings, members: members.map((member, i) => ({ ...member, weight: weights[i]! })) };
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    // Rounding comes last: members agree on more than their rounded quantiles show.
    const { targets, ...each } = options;
    const all: SeriesForecast[][] = [];
    for (const member of this.members.all) all.push(await member.predict(panel, each));
    const weights = this.config.members.map(({ weight = 1 }) => weight);
    const combine = this.config.combine === 'median' ? median : (values: number[]): number => mean(values, weights);
    return all[0]!.map((first, s) => {
      const quantiles = first.quantiles.map((_, i) => combine(all.map((forecasts) => forecasts[s]!.quantiles[i]!)));
      // Members draw the k-th path from the same scores, so that combining them is combining quantiles.
      const drawn = all.every((forecasts) => forecasts[s]!.paths !== undefined);
      const paths = drawn ? first.paths?.map((_, i) => combine(all.map((forecasts) => forecasts[s]!.paths![i]!))) : undefined;
      const forecast = { ...first, quantiles: keepTo(targets?.get(first.id), quantiles, borrowedAt(first.notes, options.levels)) };
      delete forecast.paths;
      return paths ? { ...forecast, paths: keepTo(targets?.get(first.id), paths) } : forecast;
    });
  }

  save(): Checkpoint {
    return joinMembers(this.kind, this.config, this.members.save());
  }

  dispose(): void {
    this.members.dispose();
  }
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
