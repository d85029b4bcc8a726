/** The settings of the `ensemble` forecaster and the rule that derives its members; loads no TensorFlow.js. */
import { AlmanacError } from '@almanac/series';
import { type PanelFacts, typicalLength } from '../../facts.js';
import { OPTIMISED_THETA } from '../baselines/plan.js';
import { defaultLinearConfig } from '../linear/config.js';
import { linearPlan } from '../linear/plan.js';
import { type Member, overridden, type Wishes } from '../plan.js';
import { defaultConfig, type SegmentConfig } from '../segment/config.js';
import { segmentPlan } from '../segment/plan.js';
import type { StackingSettings } from './stacking.js';

export const COMBINATIONS = ['median', 'mean', 'stacked'] as const;

export type EnsembleConfig = {
  /** `weight` counts where the mean is taken; 1 where absent. Stacking learns it. */
  members: Member[];
  /** How the members' quantiles of one level become one number; `stacked` is a mean with weights learned on what the members held out. */
  combine: (typeof COMBINATIONS)[number];
  /** Needed where `combine` is `stacked`. */
  stacking?: StackingSettings;
};

/** In steps: a series this short is known as well by a model of its own. */
const SHORT_SERIES = 500;

/**
 * Settings of an `ensemble`: the default model under several seeds and with the changes below, because models that differ err differently.
 * A few long series get a linear member too, and weights by what all members held out. Short series get a Theta model of their own, with
 * the weight of all networks together: it knows nothing of other series and errs where they do not.
 *
 * @param networks how many
 * @param wishes steps of each network, and the context that theirs vary around; those of the default model unless given
 */
export function defaultEnsemble(
  facts: PanelFacts,
  networks: number,
  { steps, contextLength }: Pick<Wishes, 'steps' | 'contextLength'> = {},
): EnsembleConfig {
  const config: SegmentConfig = overridden(defaultConfig(facts), { steps, contextLength, config: {} });
  const knownSeries = config.scaler === 'seriesDeviation';
  const changes = knownSeries ? fewSeriesChanges(config) : manySeriesChanges(config, typicalLength(facts) - 2 * facts.horizon);
  const members = Array.from({ length: networks }, (_, i): Member => ({
    kind: segmentPlan.kind,
    config: { ...config, ...changes[i % changes.length]! },
  }));
  if (typicalLength(facts) < SHORT_SERIES)
    return { members: [...members, { kind: OPTIMISED_THETA, config: {}, weight: networks }], combine: 'mean' };
  if (!knownSeries || networks < 2) return { members, combine: 'median' };
  const { horizon, levels, metric, train } = config;
  const tail = train.validationTail;
  const context = contextLength === undefined ? {} : { contextLength };
  const linear: Member = { kind: linearPlan.kind, config: { ...defaultLinearConfig(facts), ...context, validationTail: tail } };
  return { members: [...members, linear], combine: 'stacked', stacking: { horizon, tail, levels, metric } };
}

/**
 * Of a few long series: without the calendar of the longer seasons (on ETTh1, by its validation part, as good at 96 steps and better at
 * 720),
 * from the mean of the window instead of its last value, and from half of it. Where a point is what will be judged, every second one
 * spends all it has on the median: that one errs elsewhere than the centre of a whole distribution does (ETTh1 at 96 steps, every third
 * window, two networks: MSE .350, where two of one kind have .356).
 */
function fewSeriesChanges(config: SegmentConfig): Partial<SegmentConfig>[] {
  const seasonLengths = config.seasonLengths.slice(0, 1);
  const levels = config.metric === 'mse' || config.metric === 'mae' ? [0.5] : config.levels;
  return [
    {},
    { seasonLengths, levels },
    { seasonLengths, cell: 'lstm', scaler: 'revin' },
    { seasonLengths, levels, contextLength: spanOf(config, 0.5, config.contextLength) },
  ];
}

/**
 * Of many series: contexts alternately as they are, shorter and longer where the series are long enough, and every second one with an LSTM
 * and without the calendar of the longer seasons (M4 Hourly, five networks: the calendar takes a tenth off the WQL, the LSTM a twentieth).
 */
export function manySeriesChanges(config: SegmentConfig, room: number): Partial<SegmentConfig>[] {
  const other = { seasonLengths: config.seasonLengths.slice(0, 1), cell: 'lstm' as const };
  const spans = [1, 0.5, 1.5].map((factor) => spanOf(config, factor, Math.max(room, config.contextLength)));
  return [...spans, ...spans].map((contextLength, i) => ({ contextLength, ...(i % 2 === 1 ? other : {}) }));
}

/** A multiple of the context length in whole segments, where it holds a season and is at most `longest`. */
function spanOf({ contextLength, segmentLength, temporalSeason }: SegmentConfig, factor: number, longest: number): number {
  const span = segmentLength * Math.max(2, Math.round((factor * contextLength) / segmentLength));
  return span <= longest && span >= temporalSeason ? span : contextLength;
}

/** Throws `INVALID_CONFIG` naming the first setting that cannot work. */
export function checkEnsembleConfig({ members, combine, stacking }: EnsembleConfig): void {
  const fail = (setting: string, message: string, hint: string): never => {
    throw new AlmanacError('INVALID_CONFIG', message, { hint, subject: { setting } });
  };
  if (!Array.isArray(members) || members.length === 0)
    fail('members', 'An ensemble needs at least one member.', 'List members as { kind, config }.');
  if (!members.every(({ weight = 1 }) => weight > 0 && Number.isFinite(weight)))
    fail('members', 'The weight of a member of an ensemble must be above 0.', 'Leave the member out instead.');
  if (combine === 'stacked' && !stacking)
    fail(
      'stacking',
      'An ensemble with stacked weights must know what its members held out.',
      'Give stacking as { horizon, tail, levels, metric }, or combine by mean or median.',
    );
}
