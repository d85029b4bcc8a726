/** What a case of `test/cases` does: upload, train, forecast, read back, against the API and worker that all cases share. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AlmanacClient,
  ApiError,
  createClient,
  type Findings,
  type IngestOptionsInput,
  type IngestResult,
  ingestResult,
  type Observations,
  type Prediction,
  type PredictionRequestInput,
  type Problem,
  type StepTime,
} from '@almanac/contracts';
import { inject } from 'vitest';
import type {} from './almanac.global.js';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/dist\/?$/, '');
const program = join(root, 'apps/cli/bin/almanac.js');

type Options = Partial<IngestOptionsInput>;
type TrainBody = Parameters<AlmanacClient['call']>[1] & { body: Record<string, unknown> };

/** What became of a file: its findings, or why it was refused. */
export type Read = { refusal: null; findings: Findings; result: IngestResult } | { refusal: Refusal; findings: Findings | null };

export interface Refusal {
  code: string;
  /** What is wrong and what to do about it, as a person reads it. */
  words: string;
}

export interface Said {
  code: number | null;
  out: string;
  err: string;
}

export class Case {
  readonly almanac = inject('almanac');
  readonly client = createClient({ baseUrl: this.almanac.url, apiKey: this.almanac.apiKey });

  /** @param folder e.g. `09-excel-serial-dates` */
  constructor(private readonly folder: string) {}

  path(file: string): string {
    return join(root, 'test/cases', this.folder, file);
  }

  text(file: string): string {
    return readFileSync(this.path(file), 'utf8');
  }

  json<T>(file: string): T {
    return JSON.parse(this.text(file)) as T;
  }

  /** @param file of the case, or the content of one by its name */
  async upload(file: string | { name: string; content: string | Uint8Array }, options: Options & { dataset: string }): Promise<Read> {
    const content = typeof file === 'string' ? readFileSync(existsSync(file) ? file : this.path(file)) : file.content;
    const name = typeof file === 'string' ? basename(file) : file.name;
    const blob = new Blob([typeof content === 'string' ? content : new Uint8Array(content)]);
    const { runId } = await this.client.upload(blob, name, options);
    const run = await this.client.waitForRun(runId);
    if (run.error !== null) return { refusal: refusalOf(run.error), findings: null };
    const result = ingestResult.parse(run.result);
    const { refusal, findings } = result;
    if (refusal !== null) return { refusal: { code: refusal.code, words: `${refusal.detail} ${refusal.hint ?? ''}` }, findings };
    return { refusal: null, findings, result };
  }

  dryRun(file: string | { name: string; content: string | Uint8Array }, options: Options = {}): Promise<Read> {
    return this.upload(file, { dataset: `dry-${this.folder.slice(0, 2)}`, ...options, dryRun: true });
  }

  /** Findings of a file that must not be refused. */
  async stored(file: string | { name: string; content: string | Uint8Array }, options: Options & { dataset: string }): Promise<Findings> {
    const read = await this.upload(file, options);
    if (read.refusal) throw new Error(`Refused: ${JSON.stringify(read.refusal)}`);
    return read.findings;
  }

  /** Trains to the end; the run must succeed. @returns its result */
  async train(body: Record<string, unknown> & { dataset: string }): Promise<Record<string, unknown>> {
    const { id } = await this.client.call('train', { body } as TrainBody as never);
    return this.ended(id);
  }

  /** Forecasts with a stored model to the end. */
  async forecast(body: Record<string, unknown> & { model: string }): Promise<Record<string, unknown>> {
    const { id } = await this.client.call('forecast', { body } as never);
    return this.ended(id);
  }

  async backtest(body: Record<string, unknown> & { dataset: string }): Promise<Record<string, unknown>> {
    const { id } = await this.client.call('backtest', { body } as never);
    return { ...(await this.ended(id)), runId: id };
  }

  /** The result of a run that must succeed. */
  async ended(runId: string): Promise<Record<string, unknown>> {
    const run = await this.client.waitForRun(runId);
    if (run.error !== null) throw new Error(`The ${run.kind} run failed: ${run.error.detail} ${run.error.hint ?? ''}`);
    return run.result!;
  }

  /** `POST /v1/forecast`, with the series in the body or in a file: the answer, or why it is refused. */
  async post(
    body: unknown,
    file?: { name: string; content: string },
  ): Promise<{ answer: Prediction; refusal: null } | { answer: null; refusal: Refusal }> {
    try {
      const answer = file
        ? await this.client.predictFile(new Blob([file.content]).stream(), file.name, body as never)
        : await this.client.predict(body as PredictionRequestInput);
      return { answer, refusal: null };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { answer: null, refusal: refusalOf(error.problem) };
    }
  }

  observations(dataset: string, uniqueId: string, channel = 'y'): Promise<Observations> {
    return this.client.call('getObservations', { params: { dataset, uniqueId }, query: { maxPoints: 100_000, channel } as never });
  }

  /** Latest forecasts as CSV rows by column. */
  async exported(query: { dataset?: string; model?: string; uniqueId?: string }): Promise<Record<string, string>[]> {
    const text = await (await this.client.stream('latestForecastsCsv', { query })).text();
    const [head, ...rows] = text.trim().split('\n');
    const names = head!.split(',');
    return rows.map((row) => Object.fromEntries(row.split(',').map((cell, index) => [names[index]!, cell])));
  }

  /** `almanac …` as a program of its own. */
  cli(args: readonly string[], input?: string): Promise<Said> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [program, ...args], {
        env: { PATH: process.env['PATH'], ALMANAC_URL: this.almanac.url, ALMANAC_API_KEY: this.almanac.apiKey, HOME: '/nonexistent' },
      });
      child.stdin.end(input);
      const said: Said = { code: null, out: '', err: '' };
      child.stdout.on('data', (data: Buffer) => (said.out += data.toString()));
      child.stderr.on('data', (data: Buffer) => (said.err += data.toString()));
      child.on('close', (code) => resolve({ ...said, code }));
    });
  }
}

/**
 * Networks learn for as long as they do by default in the long suites (`ALMANAC_FULL_TRAINING`), and for a few steps elsewhere, where
 * the claim of a case holds after these too.
 */
export const FULL_TRAINING = process.env['ALMANAC_FULL_TRAINING'] !== undefined;
export const quickly = (settings: Record<string, unknown>): Record<string, unknown> => (FULL_TRAINING ? {} : settings);

/** The day of an instant of UTC. */
export const day = (instant: StepTime | null): string => String(instant ?? '').slice(0, 10);

/** A column of an answer by series: `{ a: { '2024-01-01': 1 } }`; the point forecast unless another is named. */
export function bySeries({ model, columns }: Prediction, column = model): Record<string, Record<string, number | null>> {
  const all: Record<string, Record<string, number | null>> = {};
  columns['unique_id']!.forEach((id, i) => {
    (all[String(id)] ??= {})[String(columns['ds']![i])] = columns[column]![i] as number | null;
  });
  return all;
}

const refusalOf = ({ code, detail, hint }: Pick<Problem, 'code' | 'detail' | 'hint'>): Refusal => ({
  code,
  words: `${detail} ${hint ?? ''}`,
});
