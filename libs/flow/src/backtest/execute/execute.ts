/**
 * The backtest run: every model goes through the same rolling cutoffs. Windows that share a fit, and each model's certificate,
 * are parts that any worker takes; what they forecast is scored here, together.
 */
import { createHash } from 'node:crypto';
import { type BacktestResult, backtestResult } from '@almanac/contracts';
import type { Panel } from '@almanac/forecasting';
import { plans, SEASONAL_NAIVE } from '@almanac/forecasting/plan';
import { Frequency } from '@almanac/series';
import type { DatasetRecord, Json, RunRecord } from '@almanac/store';
import type { BacktestTask, CertifyTask, Compute, ScoreWindowsTask, WindowForecasts } from '../../compute/index.js';
import { engineNote, fetchAside, type NewPart, putAside, type RunContext, runParts, shareDone, wholeOf } from '../../runs/execute/index.js';
import { readPanel } from '../../runs/panel.js';
import { leftOut } from '../../runs/wholeSteps.js';
import type { PartOf } from '../../part/plan.js';
import type { PlannedRun } from '../../runs/kinds.js';
import type { BacktestedModel, BacktestPlan } from '../plan.js';

type Piece = PartOf<'backtest'> | PartOf<'certify'>;

/** Of 59 series one leaks with 95 % chance where one in twenty does. */
const CERTIFIED_SERIES = 59;
const CERTIFIED_CUTOFFS = 12;
/** Parts of a model at most: below some seconds each, reading the panel costs more than sharing saves. */
const MOST_PARTS = 16;
const REFERENCE: BacktestedModel = { kind: SEASONAL_NAIVE, label: SEASONAL_NAIVE, config: {} };

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_TOO_SHORT, BACKTEST_EMPTY, INVALID_CONFIG, COMPUTE_DIED */
export async function executeBacktest(context: RunContext<PlannedRun<'backtest'>>, compute: Compute): Promise<Json> {
  const { store, run, signal, report } = context;
  const plan = run.config;
  const dataset = await store.datasets.get(plan.dataset);
  await store.runs.pinVersion(run.id, dataset.id, plan.datasetVersion);
  const models = modelsOf(plan);
  const pieces = models.flatMap((model, no) => piecesOf(plan, model, no));
  const startedAt = performance.now();
  const parts = await runParts(
    context,
    pieces.map((config): NewPart => {
      const onGpu = plan.device === 'gpu' && config.task === 'backtest' && plans.of(models[config.model]!.kind).trainable;
      return { queue: onGpu ? 'gpu' : 'part', config };
    }),
    (states) => {
      const { done, ...rest } = shareDone(states, startedAt);
      void report({ phase: 'backtesting', message: `${done} of ${states.length} parts`, step: done, totalSteps: states.length, ...rest });
    },
  );
  const { engine } = parts.find((part) => part.engine !== null) ?? { engine: null };
  if (engine) await store.runs.setEngine(run.id, engine);
  const { panel, partial } = await readPanel(store, dataset, { version: plan.datasetVersion, signal });
  void report({ phase: 'scoring', message: 'Scoring all windows', fraction: null });
  const joined = [];
  let cutoffs: number[] = [];
  for (const [no, { kind, label }] of models.entries()) {
    const own = parts.filter((_, at) => pieces[at]!.model === no);
    const windows = (await Promise.all(own.slice(0, -1).map((part) => fetchAside<WindowForecasts[]>(context, part)))).flat();
    cutoffs = windows.map(({ cutoff }) => cutoff);
    const { series, ...scored } = await compute.run<ScoreWindowsTask>({ task: 'scoreWindows', panel, kind, label, windows }, { signal });
    await store.runs.saveSeriesScores(run.id, label, series);
    joined.push({ ...scored, certificate: certificateOf(own.at(-1)!) });
  }
  const reference = joined.find(({ score }) => score.label === REFERENCE.label)!.score.metrics['wql'];
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  return backtestResult.parse({
    horizon: plan.horizon,
    windows: cutoffs.map((cutoff) => grid.wire(cutoff)),
    models: joined.map((model) => {
      const wql = model.score.metrics['wql'];
      const wqlRatio = typeof wql === 'number' && reference ? wql / reference : null;
      return { ...model, wqlRatio, beatsSeasonalNaive: wqlRatio !== null && wqlRatio < 1 };
    }),
    partialSteps: leftOut(dataset, partial),
  } satisfies BacktestResult) as unknown as Json;
}

/** A part of a backtest: some windows of a model, or its certificate. */
export async function executeBacktestPart(context: RunContext, piece: Piece, compute: Compute): Promise<Json> {
  const { store, signal, report } = context;
  const { config: plan } = await wholeOf(context, 'backtest');
  const dataset = await store.datasets.get(plan.dataset);
  const { panel } = await readPanel(store, dataset, { version: plan.datasetVersion, signal });
  const { horizon, windows, stepSize, refitEvery, steps, seed } = plan;
  const shared = { panel, model: modelsOf(plan)[piece.model]!, horizon, windows, stepSize, steps, seed };
  const { onEngine, noted } = engineNote(context);
  const options = { signal, threads: 1, onProgress: report, onEngine };
  if (piece.task === 'certify') {
    const certificate = await compute.run<CertifyTask>(
      { task: 'certify', ...shared, ...(await certified(context, dataset, panel, plan)) },
      options,
    );
    await noted();
    return { certificate };
  }
  const { from, to } = piece;
  const windowsDone = await compute.run<BacktestTask>({ task: 'backtest', ...shared, refitEvery, from, to }, options);
  await noted();
  return putAside(context, windowsDone);
}

/**
 * What a certificate looks at: series drawn by the hash of their ids, so that their order says nothing, cutoffs from the first to the last,
 * and at these two what the store would have given had its rows after them been others.
 */
async function certified(
  { store, signal }: Pick<RunContext, 'store' | 'signal'>,
  dataset: DatasetRecord,
  panel: Panel,
  { datasetVersion, horizon, windows, stepSize, seed }: BacktestPlan,
): Promise<Pick<CertifyTask, 'sample' | 'stored'>> {
  const hashOf = (id: string): string => createHash('sha256').update(`${seed} ${id}`).digest('hex');
  const drawn = panel.series.map(({ id }) => ({ id, hash: hashOf(id) })).sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const series = drawn.slice(0, CERTIFIED_SERIES).map(({ id }) => id);
  const end = panel.series.reduce((last, { firstStep, values }) => Math.max(last, firstStep + values.length - 1), -Infinity);
  const all = Array.from({ length: windows }, (_, index) => end - horizon - (windows - 1 - index) * stepSize);
  const count = Math.min(windows, CERTIFIED_CUTOFFS);
  const cutoffs = Array.from(
    { length: count },
    (_, i) => all[count === 1 ? all.length - 1 : Math.round((i * (windows - 1)) / (count - 1))]!,
  );
  const stored: CertifyTask['stored'] = [];
  for (const cutoff of new Set([cutoffs[0]!, cutoffs.at(-1)!])) {
    const altered = { after: cutoff, futureAfter: cutoff + horizon };
    stored.push({ cutoff, panel: (await readPanel(store, dataset, { version: datasetVersion, ids: series, altered, signal })).panel });
  }
  return { sample: { series, cutoffs }, stored };
}

/** Seasonal naive is always there. */
const modelsOf = ({ models }: BacktestPlan): BacktestedModel[] =>
  models.some(({ label }) => label === REFERENCE.label) ? models : [...models, REFERENCE];

/** Windows that share a fit stay together; the certificate comes last. */
function piecesOf({ windows, refitEvery }: BacktestPlan, { kind }: BacktestedModel, model: number): Piece[] {
  const fits = !plans.of(kind).trainable || refitEvery === 0 ? 1 : Math.ceil(windows / refitEvery);
  const each = fits === 1 ? windows : refitEvery * Math.ceil(fits / MOST_PARTS);
  const pieces: Piece[] = [];
  for (let from = 0; from < windows; from += each) pieces.push({ task: 'backtest', model, from, to: Math.min(windows, from + each) });
  return [...pieces, { task: 'certify', model }];
}

const certificateOf = ({ result }: RunRecord): BacktestResult['models'][number]['certificate'] =>
  (result as unknown as Pick<BacktestResult['models'][number], 'certificate'>).certificate;
