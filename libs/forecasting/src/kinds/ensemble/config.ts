/** The settings of the `ensemble` forecaster and the rule that derives its members; loads no TensorFlow.js. */
import { type PanelFacts, typicalLength } from '../../facts.js';
import { defaultLinearConfig, type LinearConfig } from '../linear/config.js';
import { defaultConfig, type SegmentConfig } from '../segment/config.js';
import type { StackingSettings } from './stacking.js';

/** In steps: a series this short is known as well by a model of its own. */
const SHORT_SERIES = 500;

export type DefaultMember =
  | { kind: 'segment'; config: SegmentConfig }
  | { kind: 'linear'; config: LinearConfig }
  | { kind: 'optimisedTheta'; config: Record<string, never>; weight: number };

export interface DefaultEnsemble {
  members: DefaultMember[];
  combine: 'median' | 'mean' | 'stacked';
  stacking?: StackingSettings;
}

/**
 * Settings of an `ensemble`: the default model under several seeds and with the changes below, because models that differ err differently.
 * A few long series get a linear member too, and weights by what all members held out. Short series get a Theta model of their own, with
 * the weight of all networks together: it knows nothing of other series and errs where they do not.
 *
 * @param networks how many
 */
export function defaultEnsemble(facts: PanelFacts, networks: number): DefaultEnsemble {
  const config = defaultConfig(facts);
  const knownSeries = config.scaler === 'seriesDeviation';
  const changes = knownSeries ? fewSeriesChanges(config) : manySeriesChanges(config, typicalLength(facts) - 2 * facts.horizon);
  const members = Array.from({ length: networks }, (_, i): DefaultMember => ({
    kind: 'segment',
    config: { ...config, ...changes[i % changes.length]! },
  }));
  if (typicalLength(facts) < SHORT_SERIES)
    return { members: [...members, { kind: 'optimisedTheta', config: {}, weight: networks }], combine: 'mean' };
  if (!knownSeries || networks < 2) return { members, combine: 'median' };
  const { horizon, levels, metric, train } = config;
  const tail = train.validationTail;
  const linear: DefaultMember = { kind: 'linear', config: { ...defaultLinearConfig(facts), validationTail: tail } };
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
function manySeriesChanges(config: SegmentConfig, room: number): Partial<SegmentConfig>[] {
  const other = { seasonLengths: config.seasonLengths.slice(0, 1), cell: 'lstm' as const };
  const spans = [1, 0.5, 1.5].map((factor) => spanOf(config, factor, Math.max(room, config.contextLength)));
  return [...spans, ...spans].map((contextLength, i) => ({ contextLength, ...(i % 2 === 1 ? other : {}) }));
}

/** A multiple of the context length in whole segments, where it holds a season and is at most `longest`. */
function spanOf({ contextLength, segmentLength, temporalSeason }: SegmentConfig, factor: number, longest: number): number {
  const span = segmentLength * Math.max(2, Math.round((factor * contextLength) / segmentLength));
  return span <= longest && span >= temporalSeason ? span : contextLength;
}
