/** What the parent asks of the reader process and what it hears back. Small and few: values travel as pieces (frames.ts). */
import type { IngestLimits } from '@almanac/platform';
import type { Findings, IngestOptions, IngestResult, Problem } from '@almanac/contracts';
import type { Closures } from './closures.js';

/** What the reader may take; see `IngestLimits`. Only memory and threads have to be said, by tests. */
export type ReadLimits = Pick<IngestLimits, 'memoryMb' | 'threads'> & Partial<IngestLimits>;

export interface ReadJob {
  path: string;
  /** What the file was called when it was uploaded. */
  fileName: string;
  options: IngestOptions;
  /** The grid of the dataset that the file is for, where there is one: rows fit it or are rejected. */
  grid?: string | undefined;
  /** First and last step of the dataset that the file adds to. */
  stored?: { firstStep: number; lastStep: number } | undefined;
  /** Days that are no steps of a dataset which the file makes. */
  closures?: Closures | undefined;
  /** Values of text covariates that the dataset has, by the name of the covariate. */
  storedTexts?: Record<string, string[]> | undefined;
  /** The present by the database's clock, in milliseconds. */
  now: number;
  /** An empty folder for what does not fit into memory. */
  scratch: string;
  limits: ReadLimits;
  /** Leave nothing to the reader of plain files; for comparisons. */
  general?: boolean;
}

/** A rejected row, as it is kept. `line` is null where the format has no lines. */
export interface RejectedLine {
  line: number | null;
  rule: string;
  text: string;
}

/** Everything that is known before the first value. */
export interface HeadMessage extends Pick<
  Findings,
  'layout' | 'columns' | 'frequency' | 'timeZone' | 'rowsRead' | 'rowsRejected' | 'rejections'
> {
  type: 'head';
  format: string;
  /** Names of the covariate channels, from channel 1 on: past before future. */
  channels: string[];
  /** Series that have a readable row. */
  series: number;
  /** Last step of the file that has a target; null where none has. */
  lastStep: number | null;
  /** That events cover in part; those that were left out too. */
  partial: PartialSteps;
  odd: OddTimes;
  /** Rows outside the range that was stated. */
  leftOut: number;
  warnings: string[];
}

/** A row by its line (null where the format has none), series and step. */
export interface NamedRow {
  line: number | null;
  id: string;
  step: number;
}

/** How many, and the first of them. */
export interface NamedRows {
  count: number;
  rows: NamedRow[];
}

/** See far.ts. */
export interface OddTimes {
  far: NamedRows;
  /** With a target. */
  future: NamedRows;
  /** Where the longest series, the first and the last of all begin and end, if that may be too much. */
  ends: NamedRow[];
}

export const NO_ODD_TIMES: OddTimes = { far: { count: 0, rows: [] }, future: { count: 0, rows: [] }, ends: [] };

export interface PartialSteps {
  /** In part by the events of all series together. */
  steps: number[];
  /** Each such step of each series that has a row in it. */
  series: { id: string; step: number }[];
}

export const NO_PARTIAL_STEPS: PartialSteps = { steps: [], series: [] };

export interface ErrorMessage {
  type: 'error';
  problem: Problem;
}

export interface EndMessage {
  type: 'end';
  duplicates: number;
  /** Of a dry run: why storing the file would be refused. */
  refusal: IngestResult['refusal'];
}

/** Where each series of the file begins and ends, and how many rows say so; as columns, some thousand series a message. */
export interface SpansMessage {
  type: 'spans';
  ids: string[];
  firstSteps: number[];
  lastSteps: number[];
  rows: number[];
}

/** In this order: `rejects`, `spans`, `head`, pieces, `end`; or `error` at any point, and nothing after it. */
export type ReaderMessage = { type: 'rejects'; rows: RejectedLine[] } | SpansMessage | HeadMessage | EndMessage | ErrorMessage;
