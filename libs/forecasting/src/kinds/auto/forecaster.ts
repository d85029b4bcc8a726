/**
 * The `auto` forecaster: fits the members that its plan lists, measures them where they can be measured fairly, and averages their
 * quantiles by weights that what was measured moves away from a prior mix only so far (`weights.ts`). Each series has a mix of its own.
 *
 * Invariants: a forecast reads its own series only; a member that cannot learn from series so short takes no part in them; members without
 * weights of their own see the last `history` steps, so forecasts are as cheap for a long history as for a short one.
 */
import { AlmanacError } from '@almanac/series';
import { intermittentOf } from '../../dataset/intermittent.js';
import { keepTo, neverNegative } from '../../dataset/target.js';
import { borrowedAt } from '../../notes.js';
import { tooShort } from '../../dataset/tooShort.js';
import type {
  Checkpoint,
  FitOptions,
  Forecaster,
  MemberMaker,
  ModelChoice,
  Panel,
  PredictOptions,
  Room,
  SeriesData,
  SeriesForecast,
} from '../../forecaster.js';
import { copulaPaths } from '../../heads/paths.js';
import { lastSteps } from '../../panel.js';
import { joinMembers, loadMembers, memberSeed, Members } from '../members.js';
import { plans } from '../plans.js';
import { choiceOf } from './choice.js';
import { combine, type Part, quantilesAt } from './combine.js';
import { type AutoConfig, checkAutoConfig } from './config.js';
import { MEASURED_LEVELS, measureMembers, type Subject } from './measure.js';
import { learnWeights, normalised } from './weights.js';
import { learnWidths, rescaled, type Widths } from './widths.js';

/** What is learned of the members together; rides beside their manifests. */
export interface Learned {
  /** [members] of a series of which nothing else is known. */
  panel: number[];
  /** [members] loss relative to the mix; null where it could not be measured fairly. */
  relative: (number | null)[];
  /** Cutoffs at which members were measured, over all series. */
  rows: number;
  /** [members] of series that were measured themselves. */
  own: Record<string, number[]>;
  /** Absent in models from before they were learned. */
  widths?: Widths;
}

/** Neighbouring steps of a path hang together as those of most models do. */
const PERSISTENCE = 0.7;
const DIGITS = 4;

export class AutoForecaster implements Forecaster {
  readonly kind = 'auto';
  private readonly members: Members;
  private readonly labels: readonly string[];

  constructor(
    readonly config: AutoConfig,
    maker: MemberMaker,
    members?: Members,
    private learned?: Learned,
  ) {
    checkAutoConfig(config);
    this.members =
      members ??
      new Members(
        config.members.map(({ kind, config: own }) => maker.create(kind, own)),
        maker,
      );
    this.labels = labelsOf(config.members);
  }

  static load(checkpoint: Checkpoint, maker: MemberMaker): AutoForecaster {
    const { config, members } = loadMembers(checkpoint, maker);
    const { learned, ...settings } = config as AutoConfig & { learned?: Learned };
    return new AutoForecaster(settings, maker, members, learned);
  }

  async fit(panel: Panel, options: FitOptions): Promise<void> {
    if (panel.series.length === 0) throw tooShort(panel.series, 1);
    await this.members.fit(this.kind, panel, options);
    await this.weigh(panel, options);
  }

  async weigh(panel: Panel, { seed, signal }: Pick<FitOptions, 'seed' | 'signal'>): Promise<void> {
    const { horizon, cutoffs, measured, seasonLengths } = this.config;
    const subjects = this.members.all.map((forecaster, m): Subject => {
      return {
        forecaster,
        heldOut: this.learns(m) ? (forecaster.heldOut?.(panel, memberSeed(seed, m)) ?? new Map<string, number>()) : undefined,
        takesPart: (series) => this.takesPart(m, series),
        history: this.historyOf(m),
      };
    });
    const settings = { horizon, cutoffs, measured, seasonLength: seasonLengths[0] ?? 1 };
    const { rows, windows } = await measureMembers(subjects, panel, settings, signal);
    const { panel: shares, relative, own } = learnWeights(this.prior, rows);
    const digits = (value: number): number => Number(value.toFixed(DIGITS));
    const short = (values: readonly number[]): number[] => values.map(digits);
    // What is mostly 0 has the distribution of its own counts, which no factor makes truer.
    const counted = windows.filter(({ series }) => !this.mostlyZero(panel, panel.series[series]!));
    const widths = learnWidths(counted, MEASURED_LEVELS, (series) => own.get(series) ?? shares);
    this.learned = {
      panel: short(shares),
      relative: relative.map((value) => (Number.isNaN(value) ? null : digits(value))),
      rows: rows.length,
      own: Object.fromEntries([...own].map(([place, each]) => [panel.series[place]!.id, short(each)])),
      widths: { inner: digits(widths.inner), outer: digits(widths.outer), slope: digits(widths.slope) },
    };
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    this.need();
    const { targets, paths, members: shown, attention, horizon, ...asked } = options;
    // Widths are about the median, whether it was asked for or not.
    const levels = [...new Set([...options.levels, 0.5])].sort((a, b) => a - b);
    const wanted = (quantiles: Float64Array): Float64Array => rowsOf(quantiles, levels, options.levels, horizon);
    const shares = panel.series.map((series) => this.sharesOf(series));
    const parts: Part[][] = panel.series.map(() => []);
    for (const [m, member] of this.members.all.entries()) {
      const places = panel.series.map((_, s) => s).filter((s) => shares[s]![m]! > 0);
      if (places.length === 0) continue;
      const of = lastSteps({ ...panel, series: places.map((s) => panel.series[s]!) }, this.historyOf(m));
      const forecasts = await member.predict(of, { ...asked, horizon, levels, ...(attention ? { attention } : {}) });
      forecasts.forEach((forecast, i) => {
        const s = places[i]!;
        const quantiles = this.widened(panel, panel.series[s]!, forecast.quantiles, levels);
        parts[s]!.push({ label: this.labels[m]!, share: shares[s]![m]!, forecast: { ...forecast, quantiles } });
      });
    }
    return panel.series.map(({ id, firstStep, values }, s) => {
      const { quantiles, parts: taken, notes } = combine(parts[s]!, horizon, levels.length);
      const target = targets?.get(id);
      const maps = taken.find(({ forecast }) => forecast.attention)?.forecast.attention;
      // Paths of the mix: members draw from other scores each, or not at all.
      const drawn = paths && copulaPaths(id, paths, horizon, PERSISTENCE, quantilesAt(quantiles, levels, horizon));
      return {
        id,
        cutoff: firstStep + values.length - 1,
        ...(shown ? { members: taken.map(({ label, share, forecast }) => ({ label, share, quantiles: wanted(forecast.quantiles) })) } : {}),
        quantiles: keepTo(target, wanted(quantiles), borrowedAt(notes, options.levels)),
        ...(drawn ? { paths: keepTo(target, drawn) } : {}),
        ...(maps ? { attention: maps } : {}),
        ...(notes.length > 0 ? { notes } : {}),
      };
    });
  }

  /** What a member says, as wide as the mix was found to need: a mean of members is then as wide itself. */
  private widened(panel: Panel, series: SeriesData, quantiles: Float64Array, levels: readonly number[]): Float64Array {
    const { widths } = this.need();
    if (!widths || this.mostlyZero(panel, series)) return quantiles;
    const wider = rescaled(quantiles, levels, widths, this.config.horizon);
    const positive = neverNegative([series]) && !quantiles.some((value) => value < 0);
    return positive ? wider.map((value) => Math.max(0, value)) : wider;
  }

  private mostlyZero({ seasonLengths }: Panel, { values }: SeriesData): boolean {
    return intermittentOf(values.subarray(Math.max(0, values.length - this.config.history)), seasonLengths) !== undefined;
  }

  choice(panel: Panel): ModelChoice {
    const { panel: shares, relative, rows, own } = this.need();
    return choiceOf({
      config: this.config,
      labels: this.labels,
      shares,
      relative,
      rows,
      least: this.members.all.map((_, m) => this.leastLength(m)),
      series: panel.series.map((series) => ({ series, shares: this.sharesOf(series), measured: Object.hasOwn(own, series.id) })),
    });
  }

  save(): Checkpoint {
    return joinMembers(this.kind, { ...this.config, learned: this.need() }, this.members.save());
  }

  dispose(): void {
    this.members.dispose();
  }

  private get prior(): number[] {
    return this.config.members.map(({ weight = 1 }) => weight);
  }

  /** Those that it was measured to deserve, or those of the panel, among the members that the series is long enough for. */
  private sharesOf(series: SeriesData): number[] {
    const { panel, own } = this.need();
    const known = Object.hasOwn(own, series.id) ? own[series.id]! : panel;
    const able = (m: number): boolean => this.takesPart(m, series);
    const shares = normalised(known, able);
    if (shares.some((share) => share > 0)) return shares;
    // Too short for whoever counts: those that are left, as before anything was measured; a series too short for all goes to all.
    const left = normalised(this.prior, able);
    return left.some((share) => share > 0) ? left : normalised(this.prior);
  }

  private takesPart(member: number, { values }: SeriesData): boolean {
    const first = values.findIndex((value) => !Number.isNaN(value));
    return first >= 0 && values.length - first >= this.leastLength(member);
  }

  /** Whether fitting it taught it anything of the panel; a network as it was shipped knows no more of the end of a series than Theta. */
  private learns(member: number): boolean {
    const { kind, config } = this.config.members[member]!;
    const plan = plans.of(kind);
    return plan.trainable && !(plan.untrained && plan.work(config, { count: 1, observations: 1 }, plans).steps === 0);
  }

  /** Steps without which a member has nothing to learn from: those that its kind needs for training; a season, for who repeats it. */
  private leastLength(member: number): number {
    const { kind, config } = this.config.members[member]!;
    const { seasonLength = 0 } = config as { seasonLength?: number };
    return this.learns(member) ? plans.of(kind).minimumLength(config, plans) : seasonLength + 1;
  }

  /** Steps of history that a member is given; those with a look-back keep to it themselves. */
  private historyOf(member: number): number | undefined {
    const { kind, config } = this.config.members[member]!;
    return plans.of(kind).lookBack(config, plans) === undefined ? this.config.history : undefined;
  }

  private need(): Learned {
    if (this.learned) return this.learned;
    throw new AlmanacError('MODEL_NOT_FITTED', 'This auto forecaster has not been fitted.', { hint: 'Call fit, or load a checkpoint.' });
  }
}

/** Rows of the levels that were asked for. */
function rowsOf(quantiles: Float64Array, levels: readonly number[], wanted: readonly number[], horizon: number): Float64Array {
  const rows = new Float64Array(wanted.length * horizon);
  wanted.forEach((level, q) => {
    const row = levels.indexOf(level) * horizon;
    rows.set(quantiles.subarray(row, row + horizon), q * horizon);
  });
  return rows;
}

/** The kind, with a number where there are several, or the season that it repeats. */
function labelsOf(members: AutoConfig['members']): string[] {
  const counts = new Map<string, number>();
  return members.map(({ kind, config }) => {
    const { seasonLength } = config as { seasonLength?: number };
    const name = seasonLength === undefined ? kind : `${kind} (${seasonLength})`;
    const no = (counts.get(name) ?? 0) + 1;
    counts.set(name, no);
    return no === 1 ? name : `${name} ${no}`;
  });
}

export const autoRoom: Room = {
  kinds: ['auto'],
  create: (_, config, maker) => new AutoForecaster(config as AutoConfig, maker),
  load: (checkpoint, maker) => AutoForecaster.load(checkpoint, maker),
};
