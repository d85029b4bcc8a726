/**
 * A worker: it takes jobs, keeps queue and database together, and fires what is due. Any number of them may run.
 * Closing it lets running jobs end for a while, gives the rest back, and leaves nothing behind.
 */
import type { EngineInfo, JobName, WorkerResources } from '@almanac/contracts';
import { type Compute, Ledger, startCompute } from '@almanac/flow/compute';
import { carryOutErasures } from '@almanac/flow/erase';
import { applyRetention, packAppends } from '@almanac/flow/ingest';
import { carryDeliveries, forgetDeliveries } from '@almanac/flow/notify/execute';
import { standardQuotas } from '@almanac/flow/quota';
import { dropExpired } from '@almanac/flow/retention';
import { type DatabaseClock, type FlowContext, inWorkspaces, JOBS, startClock } from '@almanac/flow/runs';
import { newWorkerId, reconcile } from '@almanac/flow/runs/execute';
import { fireDue } from '@almanac/flow/schedule';
import { givingWay } from '@almanac/flow/train/execute';
import {
  type Config,
  environmentWith,
  type Logger,
  openCipher,
  openObjects,
  openQueue,
  requireDatabaseUrl,
  serveMetrics,
} from '@almanac/platform';
import { openStore } from '@almanac/store';
import { every } from './every.js';
import { freeMemory } from './freeMemory.js';
import { workerMetrics } from './metrics.js';
import { announce } from './presence.js';
import { processors } from './processors.js';

/** Of a server that is starting as well, or is started anew. */
const DATABASE_PATIENCE_MS = 60_000;
const RECONCILE_MS = 5_000;
const FIRE_MS = 1_000;
const GIVE_WAY_MS = 1_000;
const DELIVER_MS = 1_000;
const SWEEP_MS = 60_000;
const EXPIRE_MS = 600_000;
/** Longer than anybody repeats a request; the answers that are kept with the keys may hold secrets. */
const IDEMPOTENCY_MS = 86_400_000;

/** They wait for their parts, wherever those are done. */
const GATHERED_AT_ONCE = 32;
/** They wait for others' servers, not for a core. */
const DELIVERIES_AT_ONCE = 8;
const PULLS_AT_ONCE = 4;

export interface Worker {
  id: string;
  engine: EngineInfo;
  queueDriver: string;
  close(): Promise<void>;
}

export async function startWorker(config: Config, logger: Logger): Promise<Worker> {
  const store = await openStore({
    databaseUrl: requireDatabaseUrl(config),
    cipher: openCipher(config),
    poolSize: config.poolSize,
    patienceMs: DATABASE_PATIENCE_MS,
    onWait: (error) => logger.warn({ error: error.message }, 'waiting for the database'),
  });
  const queue = await openQueue(config, JOBS, logger);
  const clock = await startClock(store, logger);
  const flow: FlowContext = {
    store,
    queue,
    objects: await openObjects(config),
    logger,
    now: clock.now,
    codeVersion: config.codeVersion,
    limits: config.limits,
    quotas: standardQuotas(config.quotas),
    ingest: config.ingest,
    sources: config.sources,
  };
  const ledger = new Ledger({
    threads: config.threads,
    memoryBytes: () => freeMemory(config.memoryBytes, [compute, ...onDevices]),
    turnSeconds: config.turnSeconds,
  });
  const onDevices: Compute[] = [];
  const compute = startCompute({ engine: config.engine, threads: config.threads, ledger });
  const engine = await probe(compute);
  const metrics = workerMetrics(engine, ledger);
  flow.onRunEnd = metrics.onRunEnd;
  const served = config.metrics ? await serveMetrics(metrics.registry, config.metrics) : undefined;
  if (served) logger.info({ port: served.port }, 'metrics are served');
  const devices = config.devices ?? (engine.variant === 'gpu' ? ['0'] : []);
  // A process that sees one device only cannot take another's memory.
  for (const device of devices) {
    const env = environmentWith({ CUDA_VISIBLE_DEVICES: device });
    onDevices.push(startCompute({ engine: config.engine, threads: config.threads, env, ledger }));
  }
  const resources = (): WorkerResources => {
    const freeBytes = freeMemory(config.memoryBytes, [compute, ...onDevices]);
    return { threads: config.threads, memoryBytes: config.memoryBytes, freeBytes, devices: [...devices], reserved: ledger.reserved };
  };
  const presence = await announce(store, newWorkerId(), engine, resources, clock, logger);
  // Places, not threads: those are given out by the ledger. A training takes all that it may use, so one at a time; a part takes one.
  const concurrency: Record<JobName, number> = {
    ingest: config.concurrency,
    train: 1,
    forecast: 1,
    backtest: GATHERED_AT_ONCE,
    monitor: 1,
    learn: 1,
    predict: config.concurrency,
    deliver: DELIVERIES_AT_ONCE,
    pull: PULLS_AT_ONCE,
    part: config.threads,
    gather: GATHERED_AT_ONCE,
    gpu: devices.length,
  };
  await queue.work(processors(flow, { cpu: compute, devices: onDevices }, presence, config), concurrency);
  const turns = givingWay(flow, {
    held: () => presence.held(),
    turnSeconds: config.turnSeconds,
    shortOfMemory: () => ledger.shortOfMemory,
  });
  const loops = [
    every(RECONCILE_MS, 'bringing queue and database together', () => reconcile(flow), logger),
    every(GIVE_WAY_MS, 'letting others have their turn', turns, logger),
    every(FIRE_MS, 'firing schedules', () => fire(flow, clock), logger),
    every(SWEEP_MS, 'dropping what is no longer kept', () => sweep(flow), logger),
    every(SWEEP_MS, 'erasing files', () => carryOutErasures(flow), logger),
    every(SWEEP_MS, 'packing appends', () => packAppends(flow), logger),
    every(SWEEP_MS, 'giving up what is too old', () => inWorkspaces(flow, 'retention', applyRetention), logger),
    every(EXPIRE_MS, 'removing old runs', () => inWorkspaces(flow, 'kept', dropExpired), logger),
    every(DELIVER_MS, 'carrying webhooks', () => inWorkspaces(flow, 'deliveries', carryDeliveries), logger),
  ];
  return {
    id: presence.workerId,
    engine,
    queueDriver: queue.driver,
    async close() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await queue.close(config.drainSeconds * 1000);
      await Promise.all([compute, ...onDevices].map((one) => one.close()));
      clock.stop();
      await served?.close();
      await presence.leave();
      await store.close();
    },
  };
}

/** A machine whose clock is off leaves schedules to others, whatever the database says: something is wrong with it. */
async function fire(flow: FlowContext, clock: DatabaseClock): Promise<void> {
  if (!clock.isOff()) await inWorkspaces(flow, 'schedules', fireDue);
}

/** What is kept for a while, in every workspace. */
function sweep(flow: FlowContext): Promise<unknown> {
  const { predictions, idempotency, rates } = flow.store;
  return Promise.all([forgetDeliveries(flow), predictions.expire(), rates.expire(), idempotency.expire(IDEMPOTENCY_MS)]);
}

/** Loads the engine once, in the process that the first job will use. */
async function probe(compute: ReturnType<typeof startCompute>): Promise<EngineInfo> {
  let engine: EngineInfo | undefined;
  await compute.run({ task: 'probe' }, { signal: new AbortController().signal, onEngine: (found) => (engine = found) });
  if (engine === undefined) throw new Error('No engine was named.');
  return engine;
}
