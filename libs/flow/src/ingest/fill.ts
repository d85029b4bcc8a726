/**
 * The fill policy `zero`, applied to pieces as they pass: a step without a value, from the first observation of a series
 * to the end of the dataset, becomes 0.
 *
 * Invariant: a step that the store already holds is never overwritten by a fill. What is stored was filled up to the old
 * end of the dataset, so only steps before a series' stored start and steps after the old end are filled.
 */
import type { Piece } from './frames.js';

/** Where a dataset and its series stand in the store. */
export interface Stored {
  /** By name; of all that are asked about, and have a value. Empty for a new dataset. */
  series: ReadonlyMap<string, { firstStep: number; lastStep: number }>;
  /** Last stored step of the dataset; null for a new one. */
  lastStep: number | null;
  /** Steps of all its series, and all rows that it was given since it was last replaced. */
  steps: number;
  rows: number;
}

export const NOTHING_STORED: Stored = { series: new Map(), lastStep: null, steps: 0, rows: 0 };

/** Zeros come in pieces of at most this many steps. */
const PIECE_STEPS = 960 * 64;

/**
 * @param pieces of all channels; covariates pass unchanged
 * @param lastStep last step with a target in the file
 * @returns the same pieces, filled in place, with pieces of zeros between and behind them
 */
export async function* fillZeros(pieces: AsyncIterable<Piece>, lastStep: number | null, stored: Stored): AsyncGenerator<Piece> {
  const end = Math.max(lastStep ?? -Infinity, stored.lastStep ?? -Infinity);
  const seen = new Set<string>();
  let id: string | undefined;
  /** First step of the series that nothing was said about yet; undefined before its first observation. */
  let next: number | undefined;

  for await (const piece of pieces) {
    // A place without a value begins nothing.
    if (piece.channel === 0 && piece.values.length === 0) {
      yield piece;
      continue;
    }
    if (piece.id !== id) {
      if (id !== undefined && next !== undefined) yield* zeros(id, next, end, stored);
      id = piece.id;
      next = stored.series.get(id)?.firstStep;
      seen.add(id);
    }
    if (piece.channel === 0) {
      next = Math.min(next ?? Infinity, piece.firstStep);
      yield* zeros(id, next, piece.firstStep - 1, stored);
      fillGaps(piece, stored);
      next = piece.firstStep + piece.values.length;
    }
    yield piece;
  }
  if (id !== undefined && next !== undefined) yield* zeros(id, next, end, stored);
  // Nothing happened to the series that the file does not name.
  for (const [absent, { firstStep }] of stored.series) if (!seen.has(absent)) yield* zeros(absent, firstStep, end, stored);
}

/** Zeros for the steps from..to of a series, without those that are stored. */
function* zeros(id: string, from: number, to: number, stored: Stored): Generator<Piece> {
  const [storedFrom, storedTo] = storedRange(id, stored);
  for (const [start, end] of [
    [from, Math.min(to, storedFrom - 1)],
    [Math.max(from, storedTo + 1), to],
  ] as const) {
    for (let at = start; at <= end; at += PIECE_STEPS) {
      yield { id, channel: 0, firstStep: at, values: new Float64Array(Math.min(PIECE_STEPS, end - at + 1)) };
    }
  }
}

function fillGaps(piece: Piece, stored: Stored): void {
  const [storedFrom, storedTo] = storedRange(piece.id, stored);
  for (let at = 0; at < piece.values.length; at++) {
    const step = piece.firstStep + at;
    if (Number.isNaN(piece.values[at]) && (step < storedFrom || step > storedTo)) piece.values[at] = 0;
  }
}

/** Steps of a series that the store holds; for a series that it does not know, an empty range behind everything. */
function storedRange(id: string, stored: Stored): [from: number, to: number] {
  const first = stored.series.get(id)?.firstStep;
  return first === undefined || stored.lastStep === null ? [Infinity, Infinity] : [first, stored.lastStep];
}
