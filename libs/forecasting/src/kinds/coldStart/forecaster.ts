/**
 * The `coldStart` forecaster: any other forecaster, and beside it a network from vector to sequence for the series that have no history to
 * read. What is known of such a series are its static covariates, the calendar, its future covariates and at most its last observation.
 *
 * Invariants: a series with at least `fewest` observations gets the member's forecast, bit for bit; which of the two forecasts a series
 * depends on that series alone. Beyond its horizon a cold start goes on from its own forecasts, as every forecaster does.
 *
 * The network learns from windows of the training series as if their history were unknown: h₀ = MLP(static covariates, last value), then
 * a recurrent decoder over the calendar. Values pass through asinh((y − median)/IQR), so that series of very different size share one net.
 */
import { AlmanacError, DEFAULT_QUANTILES } from '@almanac/series';
import { normalQuantile } from '../../normal.js';
import { calendarSize, cyclesOf, writeCalendar, type Cycle } from '../../dataset/calendar.js';
import { covariateScales, CovariateReader, type CovariateScales } from '../../dataset/covariates.js';
import { Random } from '../../dataset/random.js';
import { keepTo } from '../../dataset/target.js';
import {
  type Checkpoint,
  type FitOptions,
  type Forecaster,
  type MemberMaker,
  type Panel,
  type PredictOptions,
  type SeriesData,
  type SeriesForecast,
  type Room,
} from '../../forecaster.js';
import { between } from '../../heads/stepHead.js';
import { copulaPaths, persistenceOf, scoreOfOutcome } from '../../heads/paths.js';
import { checkColdStartConfig, type ColdStartConfig, OWN_HIDDEN, OWN_STEPS } from './config.js';
import { forecastBeyond } from '../../beyond.js';
import { levelWeights } from '../../levels.js';
import { type TaskExample, type TaskInput } from '../../tasks/examples.js';
import { taskSpec } from '../../tasks/spec.js';
import { TaskModel } from '../../tasks/taskModel.js';

/** What fitting learns beside the weights of both. */
interface Learned {
  center: number;
  spread: number;
  nonNegative: boolean;
  covariates: CovariateScales;
  /** Of neighbouring errors, for sampled paths. */
  persistence: number;
}

interface Fitted {
  learned: Learned;
  network: TaskModel;
}

const EXAMPLES = 4000;
const PURPOSE = 97;

export class ColdStartForecaster implements Forecaster {
  readonly kind = 'coldStart';
  private readonly cycles: Cycle[];
  private readonly member: Forecaster;
  private fitted: Fitted | undefined;

  /** @throws INVALID_CONFIG */
  constructor(
    readonly config: ColdStartConfig,
    maker: MemberMaker,
    member?: Forecaster,
  ) {
    checkColdStartConfig(config);
    this.cycles = cyclesOf(config.seasonLengths);
    this.member = member ?? maker.create(config.member.kind, config.member.config);
  }

  static load({ manifest, weights }: Checkpoint, maker: MemberMaker): ColdStartForecaster {
    const { learned, manifests, ...config } = manifest.config as ColdStartConfig & {
      learned: Learned;
      manifests: { member: Checkpoint['manifest']; network: Checkpoint['manifest'] };
    };
    const first = manifest.tensors[0]!.shape[0]!;
    const member = maker.load({ manifest: manifests.member, weights: weights.slice(0, first) });
    const forecaster = new ColdStartForecaster(config, maker, member);
    forecaster.fitted = { learned, network: TaskModel.load({ manifest: manifests.network, weights: weights.slice(first) }) };
    return forecaster;
  }

  /** The network first, then the member. A saved state is the member's: a resumed run learns the small network anew, to the same bits. */
  async fit(panel: Panel, options: FitOptions): Promise<void> {
    const { start, ...rest } = options;
    const learned = this.learn(panel.series);
    const network = new TaskModel(
      taskSpec({
        family: 'vectorToSequence',
        inputs: this.config.covariates.static.length + 1,
        outputs: 1,
        horizon: this.config.horizon,
        known: calendarSize(this.cycles) + this.config.covariates.future.length,
        levels: this.config.levels ?? [...DEFAULT_QUANTILES],
        hidden: this.config.hidden ?? OWN_HIDDEN,
        train: { steps: this.config.steps ?? OWN_STEPS },
      }),
    );
    const examples = this.examples(panel.series, learned, options.seed);
    await network.fit(examples, { seed: options.seed, ...(options.signal ? { signal: options.signal } : {}) });
    const unseen = examples.slice(examples.length - Math.floor(examples.length * network.spec.train.validationShare));
    learned.persistence = await this.persistence(network, unseen);
    await this.member.fit(panel, { ...rest, ...(start ? { start: memberOf(start) } : {}) });
    this.fitted = { learned, network };
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    this.need();
    options.signal?.throwIfAborted();
    const isCold = ({ values }: SeriesData): boolean => countObserved(values) < (this.config.fewest ?? 2);
    const cold = { ...panel, series: panel.series.filter(isCold) };
    const warm = { ...panel, series: panel.series.filter((one) => !isCold(one)) };
    const known = warm.series.length > 0 ? await this.member.predict(warm, options) : [];
    const beyond = cold.series.length > 0 && options.horizon > this.config.horizon;
    const own = { predict: ({ series }: Panel, asked: PredictOptions): Promise<SeriesForecast[]> => this.draw(series, asked) };
    const drawn = await (beyond ? forecastBeyond(own, cold, options, this.config.horizon) : own.predict(cold, options));
    const [fromKnown, fromDrawn] = [known.values(), drawn.values()];
    return panel.series.map((one) => (isCold(one) ? fromDrawn : fromKnown).next().value!);
  }

  save(): Checkpoint {
    const { learned, network } = this.need();
    const [member, own] = [this.member.save(), network.save()];
    const weights = new Float32Array(member.weights.length + own.weights.length);
    weights.set(member.weights);
    weights.set(own.weights, member.weights.length);
    return {
      manifest: {
        format: 'almanac-checkpoint',
        version: 1,
        kind: this.kind,
        config: { ...this.config, learned, manifests: { member: member.manifest, network: own.manifest } },
        tensors: [
          { name: 'member', shape: [member.weights.length], offset: 0 },
          { name: 'network', shape: [own.weights.length], offset: member.weights.length },
        ],
      },
      weights,
    };
  }

  dispose(): void {
    this.member.dispose();
    this.fitted = undefined;
  }

  private async draw(series: readonly SeriesData[], { horizon, levels, paths, targets }: PredictOptions): Promise<SeriesForecast[]> {
    const { learned, network } = this.need();
    const H = this.config.horizon;
    const answers = await network.answer(series.map((one) => this.inputOf(one, one.values.length, horizon, learned)));
    const wanted = levelWeights(network.spec.levels, levels);
    const scores = network.spec.levels.map(normalQuantile);
    return series.map((one, i) => {
      const row = (t: number): Float64Array => Float64Array.from(network.spec.levels, (_, q) => answers[i]![q * H + t]!);
      const inUnits = (value: number): number => {
        const own = learned.center + learned.spread * Math.sinh(value);
        return learned.nonNegative ? Math.max(0, own) : own;
      };
      const quantiles = new Float64Array(levels.length * horizon);
      for (let t = 0; t < horizon; t++)
        wanted.forEach(({ low, high, share }, q) => {
          const own = row(t);
          quantiles[q * horizon + t] = inUnits((1 - share) * own[low]! + share * own[high]!);
        });
      const future = paths && copulaPaths(one.id, paths, horizon, learned.persistence, (t, { z }) => inUnits(between(row(t), scores, z)));
      return {
        id: one.id,
        cutoff: one.firstStep + one.values.length - 1,
        quantiles: keepTo(targets?.get(one.id), quantiles),
        ...(future ? { paths: keepTo(targets?.get(one.id), future) } : {}),
      };
    });
  }

  /** How the network's errors hang together from step to step: nearly wholly, where what is unknown is the series' level. */
  private async persistence(network: TaskModel, examples: readonly TaskExample[]): Promise<number> {
    const { levels } = network.spec;
    const H = this.config.horizon;
    const scores = levels.map(normalQuantile);
    const answers = await network.answer(examples);
    return persistenceOf(
      answers.map((answer, e) =>
        Float64Array.from({ length: H }, (_, t) => {
          const row = Float64Array.from(levels, (__, q) => answer[q * H + t]!);
          const actual = examples[e]!.target[t]!;
          return Number.isNaN(actual) ? Number.NaN : scoreOfOutcome(actual, ({ z }) => between(row, scores, z));
        }),
      ),
    );
  }

  private learn(series: readonly SeriesData[]): Learned {
    const values = Float64Array.from(series.flatMap((one) => [...one.values].filter((value) => !Number.isNaN(value)))).sort();
    const at = (share: number): number => values[Math.floor(share * (values.length - 1))] ?? 0;
    const spread = at(0.75) - at(0.25) || at(1) - at(0);
    return {
      center: at(0.5),
      spread: spread > 0 ? spread : Math.abs(at(0.5)) || 1,
      nonNegative: at(0) >= 0,
      covariates: covariateScales(series, this.config.covariates),
      persistence: 0,
    };
  }

  /** Windows drawn evenly over (series, origin); half of them know the last value before the origin. */
  private examples(series: readonly SeriesData[], learned: Learned, seed: number): TaskExample[] {
    const { horizon } = this.config;
    const able = series.filter(({ values }) => values.length >= horizon && countObserved(values) > 0);
    if (able.length === 0)
      throw new AlmanacError('SERIES_TOO_SHORT', `No series has the ${horizon} steps of a horizon to learn a cold start from.`, {
        hint: 'Give longer series, or a shorter horizon.',
      });
    const origins = able.reduce((sum, { values }) => sum + values.length - horizon + 1, 0);
    return Array.from({ length: Math.min(EXAMPLES, 4 * origins) }, (_, i) => {
      const random = new Random(seed, PURPOSE, i);
      const one = able[random.below(able.length)]!;
      const origin = random.below(one.values.length - horizon + 1);
      const seen = random.next() < 0.5 ? one : { ...one, values: one.values.map(() => Number.NaN) };
      const target = one.values.slice(origin, origin + horizon).map((value) => transformed(value, learned));
      return { ...this.inputOf(seen, origin, horizon, learned), target };
    });
  }

  /** Of a shorter horizon than the network's, steps that nobody asked for have no known numbers. */
  private inputOf(series: SeriesData, origin: number, horizon: number, learned: Learned): TaskInput {
    const { covariates } = this.config;
    const reader = new CovariateReader(covariates, learned.covariates, 1);
    const calendar = calendarSize(this.cycles);
    const width = calendar + covariates.future.length;
    const known = new Float64Array(this.config.horizon * width).fill(Number.NaN);
    const row = new Float32Array(calendar + reader.horizonSize);
    const statics = row.subarray(width);
    for (let t = 0; t < horizon; t++) {
      row.fill(0);
      writeCalendar(this.cycles, series.firstStep + origin + t, row, 0);
      reader.writeHorizon(series, origin + t, 1, row, calendar);
      known.set(row.subarray(0, width), t * width);
    }
    let last = origin - 1;
    while (last >= 0 && Number.isNaN(series.values[last]!)) last--;
    return { input: Float64Array.of(...statics, last >= 0 ? transformed(series.values[last]!, learned) : Number.NaN), known };
  }

  private need(): Fitted {
    if (this.fitted) return this.fitted;
    throw new AlmanacError('MODEL_NOT_FITTED', 'This coldStart forecaster has not been fitted.', {
      hint: 'Call fit, or load a checkpoint.',
    });
  }
}

function memberOf({ manifest, weights }: Checkpoint): Checkpoint {
  const { manifests } = manifest.config as { manifests: { member: Checkpoint['manifest'] } };
  return { manifest: manifests.member, weights: weights.slice(0, manifest.tensors[0]!.shape[0]!) };
}

function transformed(value: number, { center, spread }: Learned): number {
  return Math.asinh((value - center) / spread);
}

function countObserved(values: Float64Array): number {
  return values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0);
}

export const coldStartRoom: Room = {
  kinds: ['coldStart'],
  create: (_, config, maker) => new ColdStartForecaster(config as ColdStartConfig, maker),
  load: (checkpoint, maker) => ColdStartForecaster.load(checkpoint, maker),
};
