/** Reads one file in this process and gathers what came out, for tests: what `ingestUpload` would hand to the store. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IngestOptionsInput, ingestOptions } from '@almanac/contracts';
import { Frequency } from '@almanac/series';
import type { HeadMessage, RejectedLine } from '../protocol.js';
import { read } from '../reader/read.js';

export interface ReadFile {
  head: HeadMessage;
  rejects: RejectedLine[];
  duplicates: number;
  /** By name: the first time, then a value per step; null is a gap. */
  series: Record<string, [start: string, ...values: (number | null)[]]>;
  /** By name and channel. */
  covariates: Record<string, Record<string, [start: string, ...values: (number | null)[]]>>;
  statics: Record<string, Record<string, number | string | null>>;
}

/**
 * @param general whether files that are plain are read as all others are
 * @throws AlmanacError as the reader does
 */
export async function readContent(
  fileName: string,
  content: string | Buffer,
  options: Partial<IngestOptionsInput> = {},
  general = false,
  memoryMb = 1024,
): Promise<ReadFile> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-corpus-'));
  try {
    const path = join(folder, 'upload');
    const scratch = join(folder, 'scratch');
    await mkdir(scratch);
    await writeFile(path, content);
    return await readPath(path, fileName, scratch, options, general, memoryMb);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readPath(
  path: string,
  fileName: string,
  scratch: string,
  input: Partial<IngestOptionsInput>,
  general: boolean,
  memoryMb: number,
): Promise<ReadFile> {
  const options = ingestOptions.parse({ dataset: 'corpus', ...input });
  let head: HeadMessage | undefined;
  const result: Omit<ReadFile, 'head'> = { rejects: [], duplicates: 0, series: byName(), covariates: byName(), statics: byName() };
  const target = byName<Map<number, number>>();
  const others = byName<Record<string, Map<number, number>>>();
  // eslint-disable-next-line no-restricted-syntax -- files of tests are written by the same clock
  const now = Date.now();
  await read(
    { path, fileName, options, scratch, limits: { memoryMb, threads: 1 }, now, general },
    {
      message: (message) => {
        if (message.type === 'head') head = message;
        if (message.type === 'rejects') result.rejects.push(...message.rows);
        if (message.type === 'end') result.duplicates = message.duplicates;
        return Promise.resolve();
      },
      piece: ({ id, channel, firstStep, values, statics }) => {
        const steps = channel === 0 ? (target[id] ??= new Map()) : ((others[id] ??= {})[head!.channels[channel - 1]!] ??= new Map());
        values.forEach((value, index) => void (Number.isNaN(value) || steps.set(firstStep + index, value)));
        if (statics) result.statics[id] = statics;
        return Promise.resolve();
      },
    },
  );
  const frequency = Frequency.parse(head!.frequency, head!.timeZone);
  for (const [id, steps] of Object.entries(target)) result.series[id] = laidOut(steps, frequency);
  for (const [id, channels] of Object.entries(others)) {
    result.covariates[id] = Object.fromEntries(Object.entries(channels).map(([name, steps]) => [name, laidOut(steps, frequency)]));
  }
  return { head: head!, ...result };
}

/** A series may be called `valueOf` or `__proto__`. */
export const byName = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

function laidOut(steps: Map<number, number>, frequency: Frequency): [string, ...(number | null)[]] {
  const first = Math.min(...steps.keys());
  const length = Math.max(...steps.keys()) - first + 1;
  return [frequency.format(first), ...Array.from({ length }, (_, index) => steps.get(first + index) ?? null)];
}
