/**
 * The settings of the `segment` forecaster and the one rule that derives them from what is known about a panel. Nothing is
 * set per data set: two panels with equal frequency, seasons, lengths, size and metric get equal settings.
 */
import { AlmanacError, DEFAULT_QUANTILES } from '@almanac/series';
import type { CalendarSettings } from '../../dataset/calendarCovariates.js';
import type { CovariateNames } from '../../dataset/covariates.js';
import { type Metric, type PanelFacts, typicalLength } from '../../facts.js';
import { HEAD_KINDS, type HeadKind } from '../../heads/head.js';
import { SCALER_KINDS, type ScalerKind } from '../../scalers/windowScale.js';

export interface TrainSettings {
  steps: number;
  batch: number;
  learningRate: number;
  weightDecay: number;
  /** Largest gradient norm. */
  clip: number;
  /** Share of the steps that warm up. */
  warmup: number;
  /** Decay of the averaged weights, which are the ones kept. */
  ema: number;
  dropout: number;
  /** Steps at the end of the validation series that training never sees. */
  validationTail: number;
  /** At most so many series give a validation tail. */
  validationSeries: number;
  /** Validation windows are scored this many times over the run. */
  validations: number;
  /** Training stops after so many scores in a row without a better one; never where absent. */
  patience?: number;
}

export const METRICS = ['wql', 'mase', 'smape', 'owa', 'mae', 'mse'] as const satisfies readonly Metric[];

export const SEGMENT_CELLS = ['lstm', 'gru'] as const;
export type SegmentCell = (typeof SEGMENT_CELLS)[number];

export type SegmentConfig = {
  frequency: string;
  seasonLengths: number[];
  horizon: number;
  /** A multiple of `segmentLength`. */
  contextLength: number;
  segmentLength: number;
  hidden: number;
  /** Of encoder and decoder; `lstm` where absent, as in models from before it could be chosen. */
  cell?: SegmentCell;
  /** Season whose same phase the temporal attention points at; 0 switches it off. */
  temporalSeason: number;
  scaler: ScalerKind;
  /** Numbers that the network learns about each training series; 0 for none. A series it never saw gets those of an average one. */
  embedding: number;
  /** Length of the cycle learned per series, taken out before the network and put back after it; 0 for none. */
  cycle: number;
  covariates: CovariateNames;
  /** Learn one effect of each future covariate, as of a regression, which the rest of the network is freed from; not in older models. */
  covariateEffects?: boolean;
  /** What the calendar says about each step, holidays among it, as further future covariates. None by default. */
  calendar?: CalendarSettings;
  /** What the network predicts: quantiles, or the parameters of a distribution. */
  head: HeadKind;
  /** Ascending; the head learns these, others are interpolated. */
  levels: number[];
  metric: Metric;
  train: TrainSettings;
};

const LONGEST_SEGMENT = 48;
const SHORTEST_SEGMENT = 4;
const FEW_SERIES = 32;
const OBSERVATIONS_PER_STEP = 150;
/** Fewer leave even a small panel half learned: quarterly tourism has a third more error after 300. */
const LEAST_STEPS = 800;
/** Shorter series are too easily learned by name. */
const EMBEDDED_LENGTH = 1000;
/** In seasons of the longest kind. */
const LONG_SERIES = 20;
const MOST_STEPS = 2000;
const USUAL_HORIZON = 48;
const LONG_HORIZON = 192;
/** In segments. */
const SHORT_CONTEXT = 7;
const LONG_CONTEXT = 30;
/** A longest season that spans more of the shortest ones is encoded by its phase alone. */
const MOST_SHORT_SEASONS = 30;

/** Settings for a panel. `train.steps` grows with the data, up to 2,000; from 800 on but for long horizons of a few long series. */
export function defaultConfig(facts: PanelFacts): SegmentConfig {
  const { horizon, count, frequency } = facts;
  // Serves a point and a distribution: M4 Hourly by the WQL alone has an OWA of .451, by this one of .388, and the same WQL.
  const metric = facts.metric ?? 'owa';
  const seasonLengths = [...facts.seasonLengths];
  const typical = typicalLength(facts) || horizon;
  const segmentLength = segmentLengthFor(seasonLengths[0] ?? 0, horizon);
  const longest = seasonLengths.findLast((length) => length <= MOST_SHORT_SEASONS * seasonLengths[0]!) ?? 0;
  // A few long series are best known one by one; many are known by what they share.
  const few = count <= FEW_SERIES;
  const long = typical >= LONG_SERIES * Math.max(longest, 1);
  // Two of the longest season where the series hold that and a few horizons more; at least two segments.
  const wanted =
    few && long
      ? Math.max(2 * longest, LONG_CONTEXT * segmentLength, horizon)
      : Math.max(2 * longest, SHORT_CONTEXT * segmentLength, 2 * horizon);
  const possible = Math.max(typical - 2 * horizon, Math.floor(typical / 2));
  const contextLength = segmentLength * Math.max(2, Math.ceil(Math.min(wanted, possible) / segmentLength));
  const observations = typical * count;
  const batch = 128;
  // A small panel is soon overfitted; strong dropout takes longer to learn it, and protects it meanwhile. A long horizon shows it more
  // of the series in each window: on ETTh1 validation is best after about 1,000 steps of 96, and 230 of 720.
  const enough = Math.max(LEAST_STEPS, ((few ? 4 : 1) * observations) / OBSERVATIONS_PER_STEP);
  const shown = few && long ? Math.min(1, Math.sqrt(USUAL_HORIZON / horizon)) : 1;
  const steps = Math.round(shown * Math.min(MOST_STEPS, enough));
  return {
    frequency,
    seasonLengths,
    horizon,
    contextLength,
    segmentLength,
    hidden: observations > 50_000 ? 128 : 64,
    // As accurate as an LSTM on M4 Hourly and ETTh1, with a quarter less to compute.
    cell: 'gru',
    temporalSeason: seasonLengths[0] !== undefined && seasonLengths[0] <= contextLength ? seasonLengths[0] : 0,
    scaler: few && long ? 'seriesDeviation' : seasonLengths.length > 0 ? 'seasonalDifference' : 'lastValue',
    embedding: typical >= EMBEDDED_LENGTH ? 16 : 0,
    cycle: few && long ? (seasonLengths[0] ?? 0) : 0,
    covariates: facts.covariates ?? { static: [], past: [], future: [] },
    ...((facts.covariates?.future.length ?? 0) > 0 ? { covariateEffects: true } : {}),
    head: 'quantile',
    levels: horizon > LONG_HORIZON ? [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975] : [...DEFAULT_QUANTILES],
    metric,
    train: {
      steps,
      batch,
      learningRate: few ? 1e-3 : 2e-3,
      weightDecay: 1e-4,
      clip: 1,
      warmup: 0.1,
      ema: 0.995,
      dropout: few ? 0.5 : 0.1,
      validationTail: few ? Math.max(horizon, Math.round(typical / 10)) : horizon,
      validationSeries: few ? count : Math.min(64, Math.ceil(count / 5)),
      validations: 8,
      patience: 4,
    },
  };
}

/** Observations a series must have before training can use it: one season (or segment) of context and one horizon. */
export function minimumLength(config: Pick<SegmentConfig, 'segmentLength' | 'temporalSeason' | 'contextLength' | 'horizon'>): number {
  return minimumContext(config) + config.horizon;
}

/** The shortest context that training windows have; what is missing before it is masked. */
export function minimumContext(config: Pick<SegmentConfig, 'segmentLength' | 'temporalSeason' | 'contextLength'>): number {
  return Math.min(config.contextLength, Math.max(config.segmentLength, config.temporalSeason));
}

/**
 * Last steps of a history that a forecast may depend on: more than any feature of the network reaches back. A series that the
 * model does not know is scaled by so much of it.
 */
export function lookBack({ contextLength }: Pick<SegmentConfig, 'contextLength'>): number {
  return 2 * contextLength;
}

/** Throws `INVALID_CONFIG` naming the first setting that cannot work. */
export function checkConfig(config: SegmentConfig): void {
  const fail = (name: string, hint: string): never => {
    throw new AlmanacError(
      'INVALID_CONFIG',
      `The setting ${name} of the segment forecaster cannot be ${JSON.stringify(Reflect.get(config, name))}.`,
      {
        hint,
        subject: { setting: name },
      },
    );
  };
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  if (!whole(config.horizon, 1)) fail('horizon', 'Give a whole number of steps, at least 1.');
  if (!whole(config.segmentLength, 1)) fail('segmentLength', 'Give a whole number of steps, at least 1.');
  if (!whole(config.contextLength, 1) || config.contextLength % config.segmentLength !== 0)
    fail('contextLength', 'Give a multiple of segmentLength.');
  if (!whole(config.hidden, 1)) fail('hidden', 'Give a whole number, at least 1.');
  if (config.cell !== undefined && !SEGMENT_CELLS.includes(config.cell)) fail('cell', `Cells are ${SEGMENT_CELLS.join(' and ')}.`);
  if (!whole(config.temporalSeason, 0) || config.temporalSeason > config.contextLength)
    fail('temporalSeason', 'Give a season that fits in contextLength, or 0.');
  const ascending = config.levels.every((level, i) => level > (config.levels[i - 1] ?? 0) && level < 1);
  const heads = HEAD_KINDS.filter((kind) => kind !== 'vocabulary');
  if (!heads.some((kind) => kind === config.head))
    fail('head', `Heads are ${heads.join(', ')}; vocabulary is for the recurrent forecaster, which has a pointer.`);
  if (!SCALER_KINDS.includes(config.scaler)) fail('scaler', `Scalers are ${SCALER_KINDS.join(', ')}.`);
  if (config.head === 'negativeBinomial' && config.scaler !== 'meanAbs')
    fail('scaler', 'Counts are scaled by their mean: use meanAbs with the negativeBinomial head.');
  if (!whole(config.embedding, 0)) fail('embedding', 'Give a whole number, or 0 for none.');
  if (!whole(config.cycle, 0)) fail('cycle', 'Give a number of steps, or 0 for none.');
  if (config.levels.length === 0 || !ascending) fail('levels', 'Give ascending levels between 0 and 1.');
  if (config.train.patience !== undefined && !whole(config.train.patience, 1)) fail('train', 'Give a patience of at least 1, or none.');
  if (!whole(config.train.steps, 1) || !whole(config.train.batch, 1)) fail('train', 'Give at least one step and one window per batch.');
}

function segmentLengthFor(season: number, horizon: number): number {
  if (season >= SHORTEST_SEGMENT && season <= LONGEST_SEGMENT) return season;
  if (season > LONGEST_SEGMENT) {
    for (let length = LONGEST_SEGMENT; length >= SHORTEST_SEGMENT; length--) if (season % length === 0) return length;
  }
  return Math.max(1, Math.min(horizon, 6));
}
