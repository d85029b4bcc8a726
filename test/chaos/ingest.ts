/**
 * Uploads while the API, the worker or Postgres is killed at a random moment. File number i gives every step of every
 * series the value i, so that a version made of two uploads, or of a part of one, shows.
 *
 * What must hold: a reader never sees such a version; an upload that was accepted is committed in the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, ingestResult, isFinished, type Run } from '@almanac/contracts';
import { openStore, type Store } from '@almanac/store';
import { House, type Part } from './house.js';

const DATASET = 'chaos';
const SERIES = 100;
const STEPS = 1000;
const PARTS: readonly Part[] = ['api', 'worker', 'postgres'];
/** The kill falls somewhere in the upload or in the ingest after it. */
const WITHIN_MS = 4000;
/** Of a slow machine; a run that is only late is not lost. */
const PATIENCE_MS = 900_000;

interface Tally {
  accepted: number;
  refused: number;
  committed: number;
  versionsRead: number;
  faults: string[];
}

export async function ingest(times: number, seed: number): Promise<boolean> {
  const random = randomFrom(seed);
  const house = await House.build();
  const tally: Tally = { accepted: 0, refused: 0, committed: 0, versionsRead: 0, faults: [] };
  const reading = new AbortController();
  const reader = readAll(() => house.databaseUrl, tally, reading.signal);
  try {
    for (let i = 1; i <= times; i += 1) {
      const part = PARTS[Math.floor(random() * PARTS.length)]!;
      const moment = Math.floor(random() * WITHIN_MS);
      const upload = house.client.upload(new Blob([csv(i)]), `${i}.csv`, { dataset: DATASET, frequency: 'h' }).then(
        ({ runId }) => runId,
        // Not accepted: the sender had an answer, or saw the connection end, and would send it again.
        () => undefined,
      );
      await sleep(moment);
      await house.crash(part);
      const runId = await upload;
      if (runId === undefined) tally.refused += 1;
      else {
        tally.accepted += 1;
        await settle(house, i, runId, tally);
      }
      console.log(
        `${i}: killed ${part} after ${moment} ms; ${runId === undefined ? 'upload not accepted' : 'upload accepted and settled'}; faults: ${tally.faults.length}`,
      );
    }
  } finally {
    reading.abort();
    await reader;
    if (tally.faults.length > 0) console.error(house.logOf('worker').slice(-6000));
    await house.tearDown();
  }
  console.log(
    `${times} kills: ${tally.accepted} uploads accepted, ${tally.committed} committed, ${tally.refused} not accepted, ${tally.versionsRead} readings`,
  );
  for (const fault of tally.faults) console.error(fault);
  return tally.faults.length === 0;
}

function csv(value: number): string {
  const lines = ['unique_id,ds,y'];
  for (let s = 0; s < SERIES; s += 1) {
    for (let t = 0; t < STEPS; t += 1) lines.push(`s${s},${new Date(1_700_006_400_000 + t * 3_600_000).toISOString()},${value}`);
  }
  return lines.join('\n');
}

/** Waits for the end of an accepted upload's run, and checks that its version holds it, whole. */
async function settle(house: House, value: number, runId: string, tally: Tally): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let run: Run | undefined;
  while (!run || !isFinished(run.status)) {
    if (Date.now() > deadline) {
      tally.faults.push(`Upload ${value} was accepted, and ${run ? `its run is still ${run.status}` : 'its run cannot be read'}.`);
      return;
    }
    await sleep(250);
    await house.revive();
    run = await house.client.call('getRun', { params: { runId } }).catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 'RUN_NOT_FOUND')
        tally.faults.push(`Upload ${value} was accepted, and its run is gone.`);
      return undefined;
    });
  }
  if (run.status !== 'succeeded') {
    tally.faults.push(`Upload ${value} was accepted, and its run ${run.status}: ${JSON.stringify(run.error)}`);
    return;
  }
  const { version } = ingestResult.parse(run.result);
  const seen = await withStore(house.databaseUrl, (store) => valuesOf(store, version ?? undefined));
  if (seen === whole(value)) tally.committed += 1;
  else tally.faults.push(`Version ${version}, made by upload ${value}, holds ${seen}.`);
}

/** Reads the current version all the time. */
async function readAll(databaseUrl: () => string, tally: Tally, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await withStore(databaseUrl(), async (store) => {
        const seen = await valuesOf(store);
        tally.versionsRead += 1;
        if (seen !== undefined && !/^\d+ in every one of 100 series of 1000 steps$/.test(seen)) tally.faults.push(`A reader saw ${seen}.`);
      });
    } catch {
      // Postgres is down just now; a reader that gets nothing sees nothing half done.
    }
    await sleep(200);
  }
}

async function withStore<T>(databaseUrl: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ databaseUrl, migrate: false, poolSize: 2 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const whole = (value: number): string => `${value} in every one of ${SERIES} series of ${STEPS} steps`;

/** What a version holds, in words that are the same for the same contents; undefined before the first version. */
async function valuesOf(store: Store, version?: number): Promise<string | undefined> {
  const dataset = await store.datasets.find(DATASET);
  if (!dataset) return undefined;
  const found = new Map<string, number>();
  for await (const { values } of store.series.readPanel(dataset.id, { version })) {
    const shape = `${[...new Set(values)].sort().join('/')} x ${values.length}`;
    found.set(shape, (found.get(shape) ?? 0) + 1);
  }
  const [only, ...others] = found;
  if (only && others.length === 0 && only[0].endsWith(` x ${STEPS}`) && !only[0].includes('/')) {
    return `${only[0].split(' ')[0]} in every one of ${only[1]} series of ${STEPS} steps`;
  }
  return JSON.stringify([...found]);
}

/** Uniform on [0, 1); the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}
