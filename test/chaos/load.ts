/**
 * What a house is under while parts of it fail: clients that append, upload and ask for runs, and send again what was not
 * answered, as clients should. What was acknowledged is noted, and looked for afterwards.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isFinished, type Run } from '@almanac/contracts';
import { openStore, type Store } from '@almanac/store';
import type { House } from './house.js';

const APPENDERS = 4;
const SERIES = 3;
const HOURS = 400;
const FIRST_HOUR = 475_000;
const REQUEST_MS = 5_000;
const PAUSE_MS = 50;
const RETRY_MS = 200;
/** Without any news; a machine may be slow. */
const PATIENCE_MS = 600_000;

export interface Tally {
  appends: number;
  uploads: number;
  runs: number;
  /** Requests that were refused or not answered, and sent again. */
  again: number;
}

export interface Verdict {
  lost: string[];
  doubled: string[];
}

const at = (step: number): string => new Date((FIRST_HOUR + step) * 3_600_000).toISOString();
const csv = (rows: Iterable<string>): Blob => new Blob([`unique_id,ds,y\n${[...rows].join('\n')}\n`]);

export class Load {
  readonly tally: Tally = { appends: 0, uploads: 0, runs: 0, again: 0 };
  private readonly stopping = new AbortController();
  private readonly clients: Promise<void>[] = [];
  /** By dataset: how many steps were acknowledged. */
  private readonly appended = new Map<string, number>();
  private readonly uploads: { series: string; runId: string }[] = [];
  private readonly forecasts: string[] = [];
  /** What was sent last by each may have been done without an answer. */
  private asked = 0;

  private constructor(
    private readonly house: House,
    private readonly name: string,
  ) {}

  /** @param name of this load: its datasets and model begin with it */
  static async begin(house: House, name: string): Promise<Load> {
    const load = new Load(house, name);
    const { client } = house;
    for (let i = 0; i < APPENDERS; i += 1) {
      const dataset = `${name}-${i}`;
      const { runId } = await client.upload(csv([`a,${at(-1)},-1`]), 'first.csv', { dataset, frequency: 'h' });
      await succeeded(client.waitForRun(runId));
      load.appended.set(dataset, 0);
    }
    const rows = Array.from({ length: SERIES * HOURS }, (_, i) => `s${i % SERIES},${at(Math.floor(i / SERIES) - HOURS)},${i % 24}`);
    const { runId } = await client.upload(csv(rows), 'history.csv', { dataset: `${name}-history`, frequency: 'h' });
    await succeeded(client.waitForRun(runId));
    const body = { dataset: `${name}-history`, kind: 'seasonalNaive', model: name, horizon: 24 };
    await succeeded(client.waitForRun((await client.call('train', { body })).id));
    for (const dataset of load.appended.keys()) load.clients.push(load.keepAppending(dataset));
    load.clients.push(load.keepUploading(), load.keepAsking());
    return load;
  }

  async end(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.clients);
  }

  private async keepAppending(dataset: string): Promise<void> {
    for (let step = 0; ; step += 1) {
      const body = [{ unique_id: 'a', ds: at(step), y: step }];
      const done = await this.untilDone((signal) => this.house.client.call('appendObservations', { params: { dataset }, body }, signal));
      if (!done) return;
      this.appended.set(dataset, step + 1);
      this.tally.appends += 1;
    }
  }

  private async keepUploading(): Promise<void> {
    for (let no = 0; ; no += 1) {
      const series = `u${no}`;
      const file = csv(Array.from({ length: 50 }, (_, t) => `${series},${at(t)},${t}`));
      const accepted = await this.untilDone(() =>
        this.house.client.upload(file, 'load.csv', { dataset: `${this.name}-uploads`, frequency: 'h' }, `${this.name}-upload-${no}`),
      );
      if (!accepted) return;
      this.uploads.push({ series, runId: accepted.runId });
      this.tally.uploads += 1;
      await sleep(10 * PAUSE_MS);
    }
  }

  private async keepAsking(): Promise<void> {
    for (let no = 0; ; no += 1) {
      this.asked = no + 1;
      const run = await this.untilDone((signal) => this.house.ask(`forecast-${this.name}-${no}`, { model: this.name }, signal));
      if (!run) return;
      this.forecasts.push(run.id);
      this.tally.runs += 1;
      await sleep(10 * PAUSE_MS);
    }
  }

  /** The answer to the request, however often it has to be sent; undefined where the load ended before. */
  private async untilDone<T>(send: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    while (!this.stopping.signal.aborted) {
      try {
        const answer = await Promise.race([send(AbortSignal.timeout(REQUEST_MS)), late()]);
        await sleep(PAUSE_MS);
        return answer;
      } catch {
        this.tally.again += 1;
        await sleep(RETRY_MS);
      }
    }
    return undefined;
  }

  /** Once all of it has ended: what was acknowledged and is not there, and what is there twice. */
  async judge(): Promise<Verdict> {
    await this.settle();
    const store = await openStore({ databaseUrl: this.house.databaseUrl, migrate: false, poolSize: 2 });
    try {
      const verdict: Verdict = { lost: [], doubled: [] };
      await this.judgeAppends(store, verdict);
      await this.judgeUploads(store, verdict);
      await this.judgeForecasts(store, verdict);
      const { firstBroken } = await store.audit.verify();
      if (firstBroken !== null) verdict.lost.push(`the audit log is broken at ${firstBroken}`);
      return verdict;
    } finally {
      await store.close();
    }
  }

  private async judgeAppends(store: Store, { lost, doubled }: Verdict): Promise<void> {
    for (const [dataset, count] of this.appended) {
      const { id, observationCount } = await store.datasets.get(dataset);
      for await (const { firstStep, values } of store.series.readPanel(id)) {
        for (let step = 0; step < count; step += 1)
          if (values[FIRST_HOUR + step - firstStep] !== step) lost.push(`${dataset}: step ${step} was acknowledged`);
      }
      // The first one, and one that may have been done without an answer.
      if (observationCount > count + 2) doubled.push(`${dataset}: ${observationCount} observations of ${count} acknowledged`);
    }
  }

  private async judgeUploads(store: Store, { lost, doubled }: Verdict): Promise<void> {
    const dataset = await store.datasets.find(`${this.name}-uploads`);
    const found = new Set<string>();
    if (dataset) for (const { uniqueId } of await store.series.spans(dataset.id)) found.add(uniqueId);
    const runs = new Set<string>();
    for (const { series, runId } of this.uploads) {
      if (!found.has(series)) lost.push(`the upload of ${series}, run ${runId}: ${JSON.stringify((await store.runs.get(runId)).error)}`);
      if (runs.has(runId)) doubled.push(`run ${runId} reads two uploads`);
      runs.add(runId);
    }
  }

  private async judgeForecasts(store: Store, { lost, doubled }: Verdict): Promise<void> {
    let forecasts = 0;
    for (let after: string | undefined; ;) {
      const page = await store.runs.list({ kind: 'forecast', limit: 1000, after });
      forecasts += page.items.filter(({ model, parentId }) => model === this.name && parentId === null).length;
      if (page.next === null) break;
      after = page.next;
    }
    if (forecasts > this.asked) doubled.push(`${forecasts} forecasts of ${this.asked} that were asked for`);
    for (const id of this.forecasts) {
      const rows: string[] = [];
      for await (const { uniqueId } of store.forecasts.stream({ runId: id })) rows.push(uniqueId);
      if (new Set(rows).size < SERIES)
        lost.push(`forecast ${id} has ${rows.length} rows: ${JSON.stringify((await store.runs.get(id)).error)}`);
      if (rows.length > SERIES) doubled.push(`forecast ${id} has ${rows.length} rows`);
    }
  }

  private async settle(): Promise<void> {
    const { client } = this.house;
    let news = '';
    for (let since = Date.now(); Date.now() - since < PATIENCE_MS;) {
      const open = await Promise.all(
        (['queued', 'running'] as const).map((status) => client.call('listRuns', { query: { status, limit: 1000 } })),
      ).then(
        (pages) => pages.flatMap(({ items }) => items).filter(({ status }) => !isFinished(status)),
        () => undefined,
      );
      if (open?.length === 0) return;
      const states = JSON.stringify(open?.map(({ id, status, progress }) => [id, status, progress]));
      if (states !== news) since = Date.now();
      news = states;
      await sleep(500);
    }
  }
}

async function succeeded(ended: Promise<Run>): Promise<void> {
  const { status, error } = await ended;
  if (status !== 'succeeded') throw new Error(`A run that prepares the load ${status}: ${JSON.stringify(error)}`);
}

const late = async (): Promise<never> => {
  await sleep(2 * REQUEST_MS, undefined, { ref: false });
  throw new Error('No answer came.');
};
