/** Counts what is written to the store: figures of the findings that need the finished series. */
import { Codes } from './codes.js';
import type { Piece } from './frames.js';
import { GapPatterns } from './gapPatterns.js';
import { OwnPlaces } from './ownPlaces.js';
import { Rhythms } from './rhythms.js';
import { Totals } from './totals.js';

export class Tally {
  series = 0;
  observations = 0;
  negatives = 0;
  /** Series that start with zeros. */
  leadingZeros = 0;
  firstStep: number | null = null;
  lastStep: number | null = null;
  shortest: { uniqueId: string; length: number } | null = null;
  /** Series of fewer than `enough` steps. */
  tooShort = 0;
  /** Series that have a value, or a place for one. */
  readonly withTarget = new Set<string>();
  /** Series without a value that keep a place. */
  readonly places = new Set<string>();
  /** How the gaps of the file lie. */
  readonly patterns: GapPatterns;
  readonly rhythms = new Rhythms();
  readonly ownPlaces: OwnPlaces;
  /** Numbers that stand for nothing known. */
  readonly codes = new Codes();
  /** Series that add up others. */
  readonly totals = new Totals();
  /** Channels beside the target that have a value. */
  readonly covariates = new Set<number>();
  private id: string | undefined;
  private first = 0;
  private next = 0;
  /** Values in the file. */
  read = 0;
  /** Between which they lie. */
  from = Infinity;
  to = -Infinity;
  private span = 0;
  private seen: string | undefined;
  private beyond = 0;

  /** @param seasons of the grid, in steps */
  constructor(
    readonly enough: number,
    seasons: readonly number[],
  ) {
    this.patterns = new GapPatterns(seasons);
    this.ownPlaces = new OwnPlaces(seasons);
  }

  /** Passes the pieces as they come from the file, to count what the file itself holds. */
  async *before(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    for await (const piece of pieces) {
      this.look(piece);
      yield piece;
    }
  }

  /** The pieces of a series follow each other. */
  look({ id, channel, firstStep, values }: Piece): void {
    if (channel === 0 && values.length > 0) {
      if (id !== this.seen) {
        this.beyond = firstStep;
        this.patterns.nextSeries(id);
      }
      this.seen = id;
      this.from = Math.min(this.from, firstStep);
      this.to = Math.max(this.to, firstStep + values.length - 1);
      this.span += firstStep + values.length - this.beyond;
      this.beyond = firstStep + values.length;
      let read = 0;
      for (const value of values) if (!Number.isNaN(value)) read++;
      this.read += read;
      this.patterns.add(firstStep, values, read < values.length);
      this.rhythms.add(id, firstStep, values, read < values.length);
      this.ownPlaces.add(id, firstStep, values, read < values.length);
      this.codes.add(id, values);
      this.totals.add(id, firstStep, values);
    } else if (!this.covariates.has(channel) && values.some((value) => !Number.isNaN(value))) this.covariates.add(channel);
  }

  /** Passes the pieces as they are stored. */
  async *after(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    for await (const piece of pieces) {
      if (piece.channel === 0 && piece.values.length > 0) this.count(piece);
      if (piece.channel === 0 && piece.values.length === 0) this.places.add(piece.id);
      yield piece;
    }
    this.endSeries();
  }

  /** Steps between first and last observation of a series, in the file, without a value. */
  get gaps(): number {
    return this.span - this.read;
  }

  /** Values that the file does not hold. */
  get filled(): number {
    return this.observations - this.read;
  }

  private count({ id, firstStep, values }: Piece): void {
    if (id !== this.id) {
      this.endSeries();
      this.id = id;
      this.first = firstStep;
      this.series++;
      this.withTarget.add(id);
      if (values[0] === 0) this.leadingZeros++;
    }
    this.next = firstStep + values.length;
    this.firstStep = Math.min(this.firstStep ?? firstStep, firstStep);
    this.lastStep = Math.max(this.lastStep ?? this.next - 1, this.next - 1);
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      this.observations++;
      if (value < 0) this.negatives++;
    }
  }

  private endSeries(): void {
    if (this.id === undefined) return;
    const length = this.next - this.first;
    if (length < this.enough) this.tooShort++;
    if (!this.shortest || length < this.shortest.length) this.shortest = { uniqueId: this.id, length };
    this.id = undefined;
  }
}
