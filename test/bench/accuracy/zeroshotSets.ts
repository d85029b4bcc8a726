/** The data sets of the zero-shot bench: histories that stop where the test begins, and the same with what came. */
import type { Panel, SeriesData } from '@almanac/forecasting';
import { ett, exchangeRate, type HeldOut, bikeSharing, longSeries, m4Hourly, rows, tourism } from './data.js';
import { withoutLast } from './fit.js';

export interface ZeroshotSet {
  name: string;
  /** Whole, for scoring. */
  panel: Panel;
  /** What is known. */
  history: Panel;
  horizon: number;
  /** WQL of others, as published. */
  published: readonly (readonly [string, number])[];
  /** Ours, trained on the set: the command whose kept result has it. */
  trained?: string;
  /** OWA says something here. */
  owa?: boolean;
}

type Part = Omit<ZeroshotSet, 'name' | 'panel' | 'history' | 'horizon'>;

/** Cutoffs of one long series. */
const CUTOFFS = 20;
/** Steps of history that everybody is given there: a smoothing method of all of them would take hours. */
const HISTORY = 2048;

const heldOut = (name: string, { panel, horizon }: HeldOut, part: Part): ZeroshotSet => ({
  name,
  panel,
  history: withoutLast(panel, horizon),
  horizon,
  ...part,
});

/** Each series from several cutoffs, each cutoff a series of its own. */
function rolled(name: string, panel: Panel, horizon: number, apart: number, part: Part): ZeroshotSet {
  const cut = (beyond: number): SeriesData[] =>
    panel.series.flatMap((one) =>
      Array.from({ length: CUTOFFS }, (_, i) => {
        const cutoff = one.values.length - horizon - i * apart;
        const from = Math.max(0, cutoff - HISTORY);
        return { id: `${one.id} ${i}`, firstStep: one.firstStep + from, values: one.values.subarray(from, cutoff + beyond) };
      }),
    );
  return { name, panel: { ...panel, series: cut(horizon) }, history: { ...panel, series: cut(0) }, horizon, ...part };
}

const M3 = {
  yearly: { frequency: 'YS', seasonLengths: [], horizon: 6 },
  quarterly: { frequency: 'QS', seasonLengths: [4], horizon: 8 },
  monthly: { frequency: 'MS', seasonLengths: [12], horizon: 18 },
  other: { frequency: '1', seasonLengths: [], horizon: 8 },
};

function m3(dataDir: string, period: keyof typeof M3): HeldOut {
  const { horizon, ...grid } = M3[period];
  const table = rows(dataDir, 'm3_long').rows.filter((row) => row[1] === period);
  return { panel: { timeZone: 'UTC', ...grid, series: longSeries(table, 4, () => 0) }, horizon };
}

/** One long file of half-hours; the steps that a grid would count do not matter here. */
function halfHourly(dataDir: string, file: string, column: number): Panel {
  const values = Float64Array.from(rows(dataDir, file).rows, (row) => Number(row[column]));
  return { frequency: '30min', timeZone: 'UTC', seasonLengths: [48, 336], series: [{ id: file, firstStep: 0, values }] };
}

/** By name, each read when it is asked for. */
export const ZEROSHOT_SETS: Record<string, (dataDir: string) => ZeroshotSet> = {
  'm4-hourly': (dir) =>
    heldOut('M4 hourly', m4Hourly(dir), {
      published: [
        ['TiRex', 0.02],
        ['FlowState, 9 M', 0.0205],
        ['Chronos-2', 0.0232],
      ],
      trained: 'accuracy m4-hourly --threads 1',
      owa: true,
    }),
  'tourism-monthly': (dir) =>
    heldOut('tourism monthly', tourism(dir, 'monthly'), {
      published: [
        ['Chronos-Bolt base', 0.0903],
        ['AutoARIMA', 0.0909],
      ],
      trained: 'accuracy tourism-monthly --threads 1',
    }),
  'tourism-quarterly': (dir) =>
    heldOut('tourism quarterly', tourism(dir, 'quarterly'), {
      published: [
        ['AutoTheta', 0.0612],
        ['Chronos-Bolt base', 0.0645],
      ],
      trained: 'accuracy tourism-quarterly --threads 1',
    }),
  'tourism-yearly': (dir) =>
    heldOut('tourism yearly', tourism(dir, 'yearly'), { published: [], trained: 'accuracy tourism-yearly --threads 1' }),
  'm3-monthly': (dir) => heldOut('M3 monthly', m3(dir, 'monthly'), { published: [['TimesFM-2', 0.0887]], owa: true }),
  'm3-quarterly': (dir) => heldOut('M3 quarterly', m3(dir, 'quarterly'), { published: [['TiRex', 0.0699]], owa: true }),
  'm3-yearly': (dir) => heldOut('M3 yearly', m3(dir, 'yearly'), { published: [['TimesFM', 0.1234]], owa: true }),
  'm3-other': (dir) => heldOut('M3 other', m3(dir, 'other'), { published: [['AutoETS', 0.032]], owa: true }),
  exchange: (dir) =>
    heldOut('exchange rate', exchangeRate(dir), {
      published: [
        ['Chronos-Bolt mini', 0.0093],
        ['AutoTheta', 0.0097],
      ],
      trained: 'accuracy exchange --threads 1',
    }),
  etth1: (dir) => rolled('ETTh1, 48 steps', ett(dir, 'ETTh1').panel, 48, 140, { published: [] }),
  bike: (dir) => rolled('bike sharing, 48 steps', bikeSharing(dir).panel, 48, 97, { published: [] }),
  taylor: (dir) => rolled('Taylor, 48 half-hours', halfHourly(dir, 'taylor_halfhourly_long', 2), 48, 97, { published: [] }),
  taxi: (dir) => rolled('New York taxi, 48 half-hours', halfHourly(dir, 'nyc_taxi_30min_long', 2), 48, 97, { published: [] }),
  'vic-elec': (dir) => rolled('Victoria electricity, 48 half-hours', halfHourly(dir, 'vic_elec_halfhourly', 1), 48, 97, { published: [] }),
};
