/**
 * Admission: before a run is queued its memory, time and cost are predicted, and it is refused where they cannot fit.
 * Memory is counted from the settings that the run will have; time is the counted work at the pace that trainings here were
 * measured to have, else at that of a typical machine; cost is time at the configured price.
 * Invariants: nothing is computed to predict it, so the API can; where nothing is known (no worker runs, no limit is set)
 * nothing is refused.
 */
import { type RunKind, type RunEstimate, toProblem } from '@almanac/contracts';
import { plans } from '@almanac/forecasting/plan';
import { AlmanacError } from '@almanac/series';
import type { Store } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';
import { type NewPlannedRun, RUN_KINDS } from '../runs/kinds.js';
import type { Pace } from '../register/register.js';
import { workOf } from './work.js';

type Context = Pick<FlowContext, 'store' | 'limits'>;
type Asked = NewPlannedRun;
type Device = RunEstimate['device'];

const SEEN_WITHIN_MS = 15_000;
const REMEMBERED = 20;
/** A shorter training is mostly start-up, and says nothing of a longer one. */
const TELLING_SECONDS = 5;
/** Two cores, and a modest GPU: orders of magnitude, until something was measured. */
const ASSUMED_PACE: Record<Device, number> = { cpu: 2e10, gpu: 1e12 };
const ASSUMED_OTHER_SECONDS = 10;

/**
 * The run as it will be queued: where it computes is decided.
 * @throws AlmanacError RUN_TOO_LARGE, RUN_TOO_LONG, RUN_TOO_COSTLY, GPU_UNAVAILABLE
 */
export async function admit(context: Context, run: Asked): Promise<Asked> {
  // What else there is takes little; it is looked at where somebody has set a limit that it could pass.
  const limited = limits(context) && (run.kind === 'forecast' || run.kind === 'monitor' || run.kind === 'learn');
  if (run.kind !== 'train' && run.kind !== 'backtest' && run.kind !== 'search' && !limited) return run;
  const { estimate, placed } = await look(context, run);
  const refusal = refusalOf(estimate, run);
  if (refusal) throw refusal;
  return placed;
}

const limits = ({ limits: set }: Context): boolean => set?.seconds !== undefined || set?.cost !== undefined;

/** What a run would take, and why it would be refused. */
export async function estimateRun(context: Context, run: Asked): Promise<RunEstimate> {
  try {
    const { estimate } = await look(context, run);
    const refusal = refusalOf(estimate, run);
    return { ...estimate, fits: !refusal, problem: refusal ? toProblem(refusal) : null };
  } catch (error) {
    if (!(error instanceof AlmanacError) || error.code !== 'GPU_UNAVAILABLE') throw error;
    return { ...nothingKnown(run.kind, 'gpu'), fits: false, problem: toProblem(error) };
  }
}

async function look({ store, limits }: Context, run: Asked): Promise<{ estimate: RunEstimate; placed: Asked }> {
  const workers = await store.workers.list(SEEN_WITHIN_MS);
  const resources = workers.flatMap((worker) => (worker.resources === null ? [] : [worker.resources as unknown as Resources]));
  const device = deviceOf(run, resources);
  const work = await workOf(store, run, Math.max(1, ...resources.map(({ threads }) => threads)));
  // What is not counted in operations takes what runs like it took; the pace of trainings says nothing of it.
  const { seconds, likeRun } = work.operations === undefined ? work : await paced(store, work.operations, work.kinds, device);
  const price = limits?.pricePerHour[device];
  const parts = work.parts && device === 'gpu';
  const placed = {
    ...on(device, run),
    // A run in parts waits for them and computes little itself.
    ...(device === 'gpu' && !parts ? { queue: 'gpu' } : {}),
  };
  const deadline = RUN_KINDS[run.kind].deadlineSeconds;
  const largest = resources.length > 0 ? Math.max(...resources.map(({ memoryBytes, freeBytes = memoryBytes }) => freeBytes)) : undefined;
  const estimate: RunEstimate = {
    kind: run.kind,
    device,
    steps: work.steps ?? null,
    memoryBytes: work.memoryBytes === undefined ? null : Math.round(work.memoryBytes),
    seconds: seconds === undefined ? null : Math.round(seconds * 10) / 10,
    cost: seconds === undefined || price === undefined ? null : (seconds / 3600) * price,
    basis: likeRun === undefined ? 'assumed' : 'history',
    likeRun: likeRun ?? null,
    limits: {
      memoryBytes: least(limits?.memoryBytes, largest) ?? null,
      seconds: least(limits?.seconds, deadline) ?? null,
      cost: limits?.cost ?? null,
    },
    fits: true,
    problem: null,
  };
  return { estimate, placed };
}

interface Resources {
  threads: number;
  memoryBytes: number;
  /** What nobody else on the machine has taken of it; older workers do not say. */
  freeBytes?: number;
  devices: string[];
}

/** The same run, its device decided. */
function on(device: Device, run: Asked): Asked {
  if (run.kind === 'train') return { ...run, config: { ...run.config, device } };
  if (run.kind === 'search') return { ...run, config: { ...run.config, device } };
  return run.kind === 'backtest' ? { ...run, config: { ...run.config, device } } : run;
}

function deviceOf(run: Asked, resources: readonly Resources[]): Device {
  const { kind } = run;
  const wanted = kind === 'train' || kind === 'backtest' || kind === 'search' ? run.config.device : 'cpu';
  const there = resources.some(({ devices }) => devices.length > 0);
  if (wanted === 'gpu' && !there)
    throw new AlmanacError('GPU_UNAVAILABLE', `No running worker offers a GPU for this ${kind}.`, {
      hint: 'Start a worker with one (ALMANAC_DEVICES), or ask for the device "auto" or "cpu".',
      status: 409,
    });
  const trains = kind === 'backtest' || kind === 'search' || (kind === 'train' && !plans.of(run.config.kind).quick);
  return wanted === 'gpu' || (wanted === 'auto' && there && trains) ? 'gpu' : 'cpu';
}

function refusalOf({ memoryBytes, seconds, cost, limits, kind, basis }: RunEstimate, run: Asked): AlmanacError | undefined {
  const over = (value: number | null, limit: number | null): value is number => value !== null && limit !== null && value > limit;
  const what = `This ${kind}${run.model ? ` of "${run.model}"` : ''}`;
  const refuse = (code: string, message: string, hint: string, value: number, limit: number | null): AlmanacError =>
    new AlmanacError(code, message, { hint, subject: { predicted: value, limit, basis }, status: 422 });
  if (over(memoryBytes, limits.memoryBytes))
    return refuse(
      'RUN_TOO_LARGE',
      `${what} would take about ${gigabytes(memoryBytes)} of memory; a run may take ${gigabytes(limits.memoryBytes!)}.`,
      'Train on fewer series, with a smaller batch, context or hidden size, or start a worker with more memory.',
      memoryBytes,
      limits.memoryBytes,
    );
  if (over(seconds, limits.seconds))
    return refuse(
      'RUN_TOO_LONG',
      `${what} would take about ${hours(seconds)}; a run may take ${hours(limits.seconds!)}.`,
      'Ask for fewer steps, trials, windows or models, or a smaller network.',
      seconds,
      limits.seconds,
    );
  if (over(cost, limits.cost))
    return refuse(
      'RUN_TOO_COSTLY',
      `${what} would cost about ${cost.toFixed(2)}; a run may cost ${limits.cost!.toFixed(2)}.`,
      'Ask for fewer steps, trials, windows or models, or a smaller network.',
      cost,
      limits.cost,
    );
  return undefined;
}

/** At the median pace of the newest trainings on such a device: those of these kinds of model where there are any. */
async function paced(
  store: Store,
  operations: number,
  kinds: readonly string[],
  device: Device,
): Promise<{ seconds: number; likeRun: string | undefined }> {
  const latest = await store.models.latestMetrics(REMEMBERED);
  const measured = latest.flatMap(({ runId, metrics }) => {
    const { pace } = metrics as { pace?: Omit<Pace, 'kind'> & Partial<Pace> };
    return pace?.device === device && pace.seconds >= TELLING_SECONDS ? [{ ...pace, runId }] : [];
  });
  const own = measured.filter(({ kind }) => kind !== undefined && kinds.includes(kind));
  const telling = own.length > 0 ? own : measured;
  if (telling.length === 0) return { seconds: operations / ASSUMED_PACE[device] + ASSUMED_OTHER_SECONDS, likeRun: undefined };
  const pace = median(telling.map((one) => one.operations / one.seconds));
  return { seconds: operations / pace + median(telling.map((one) => one.otherSeconds)), likeRun: telling[0]!.runId };
}

function nothingKnown(kind: RunKind, device: Device): RunEstimate {
  const unknown = { memoryBytes: null, seconds: null, cost: null };
  return { kind, device, steps: null, ...unknown, limits: unknown, basis: 'assumed', likeRun: null, fits: true, problem: null };
}

const least = (...values: (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
};
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toPrecision(2)} GB`;
const hours = (seconds: number): string =>
  seconds < 120 ? `${Math.round(seconds)} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
