/**
 * Takes plain delimited text apart, byte by byte: the shape in which programs write series, at ten times the speed of a
 * reader that understands everything. It understands one way to write each thing, and says `odd` to all else:
 * - names without quotes, apostrophes at the start, control characters or space around them; each series in one piece, steps ascending;
 * - dates and times by ISO 8601 in full (`2024-01-31`, `2024-01-31 13:00:00`, with `.000`, `Z` or an offset behind), on the grid;
 * - numbers with a decimal point, or nothing where there is none.
 *
 * Invariant: what it does read means what the general reader (parse.ts and what follows) would make of it, to the bit; a
 * test holds the two against each other.
 */
import type { Frequency } from '@almanac/series';

/** What a column holds; from 0 on, the number of a channel. */
export const ROLE = { unused: -3, id: -2, time: -1 } as const;

export interface PlainShape {
  delimiter: string;
  skipLines: number;
  /** By column. */
  roles: readonly number[];
  channels: number;
  grid: Frequency;
  /** Name of the only series, where no column names one. */
  only: string | undefined;
  /** Times without an offset are read as such, with one too. */
  clocks: boolean;
  instants: boolean;
}

/** Rows in the order of series and steps: column 0 the number of the series, 1 the step, then the channels. */
export interface SortedRows {
  rows: number;
  columns: (Int32Array | Float64Array)[];
}

/** First and last step of each series, and its rows. */
export interface Spans {
  firstSteps: number[];
  lastSteps: number[];
  rows: number[];
}

const BATCH = 8192;
const MOST_LINE_BYTES = 1 << 20;
const MOST_ID_BYTES = 1024;
const [NEWLINE, RETURN, QUOTE, PLUS, MINUS, POINT, COLON, ZERO, NINE, SPACE] = [10, 13, 34, 43, 45, 46, 58, 48, 57, 32];
const [UPPER_T, UPPER_Z] = [84, 90];
/** Beyond it text may be broken, which nobody sees in a column that is not used. */
const LAST_ASCII = 127;
/** So many digits are a whole number that a double holds, and so is a power of ten; their quotient is rounded once. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const DAY_MS = 86_400_000;
const ODD = -1;

export class PlainScanner {
  readonly ids: string[] = [];
  rowsRead = 0;
  /** Last step with a target. */
  lastStep: number | null = null;
  odd = false;
  /** Where they are counted. */
  readonly rowsOfSteps = new Map<number, number>();
  private readonly seen = new Set<string>();
  private readonly lastId = new Uint8Array(MOST_ID_BYTES);
  private lastIdBytes = -1;
  private readonly numbers = new Int32Array(BATCH);
  private readonly steps = new Float64Array(BATCH);
  private readonly values: Float64Array[];
  private readonly calendar: Map<number, number> | undefined;
  private readonly widthMs: number;
  /** Of a fixed grid, the first instant of step 0; of a calendar, the time of day at which steps start. */
  private readonly atMs: number;
  private readonly delimiter: number;
  private filled = 0;
  /** By series: its first step, the last step of the one before, and the number of its first row. */
  private readonly firstSteps: number[] = [];
  private readonly lastSteps: number[] = [];
  private readonly firstRows: number[] = [];
  private previousStep = -Infinity;
  /** The day that was read last, by its bytes. */
  private year = 0;
  private monthAndDay = 0;
  private dayMs = 0;
  /** Of a calendar grid: the step that starts on that day, NaN where none does. */
  private dayStep = NaN;
  /** Where the field ends that was read last. */
  private at = 0;
  /** The step that was read last. */
  private step = 0;

  /** @param counting whether to count the rows of each step */
  constructor(
    private readonly shape: PlainShape,
    private readonly counting = false,
  ) {
    this.delimiter = shape.delimiter.charCodeAt(0);
    this.values = Array.from({ length: shape.channels }, () => new Float64Array(BATCH));
    this.calendar = shape.grid.kind === 'calendar' ? new Map() : undefined;
    this.widthMs = shape.grid.linear?.widthMs ?? NaN;
    this.atMs = shape.grid.linear?.originMs ?? shape.grid.atMs;
    if (shape.only !== undefined) this.ids.push(shape.only);
  }

  /** Batches are valid until the next is asked for. Ends early where something is odd. */
  async *rows(chunks: AsyncIterable<Buffer>): AsyncGenerator<SortedRows, void> {
    let rest: Buffer = Buffer.alloc(0);
    let skip = this.shape.skipLines;
    for await (const chunk of chunks) {
      const text: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = text.lastIndexOf(NEWLINE) + 1;
      let at = 0;
      for (; skip > 0 && at < end; skip -= 1) {
        const newline = text.indexOf(NEWLINE, at);
        // A lone carriage return ends a line too, but not here.
        const carriage = text.subarray(at, newline).indexOf(RETURN);
        if (carriage >= 0 && carriage !== newline - at - 1) return this.stop();
        at = newline + 1;
      }
      while (at < end) {
        at = this.scan(text, at, end);
        if (at === ODD) return this.stop();
        if (this.filled > 0) yield this.batch();
      }
      rest = text.subarray(end);
      if (rest.length > MOST_LINE_BYTES) return this.stop();
    }
    if (rest.length > 0) {
      const last = Buffer.concat([rest, Buffer.of(NEWLINE)]);
      if (skip > 0 || this.scan(last, 0, last.length) === ODD) return this.stop();
      yield this.batch();
    }
  }

  /** Once all rows were read. */
  spans(): Spans {
    const { firstSteps, firstRows, lastSteps, previousStep, rowsRead } = this;
    const rows = firstRows.map((first, no) => (firstRows[no + 1] ?? rowsRead) - first);
    return { firstSteps, lastSteps: [...lastSteps, previousStep], rows };
  }

  private stop(): void {
    this.odd = true;
  }

  private batch(): SortedRows {
    const { filled, numbers, steps, values } = this;
    this.filled = 0;
    this.rowsRead += filled;
    if (this.counting)
      for (let row = 0; row < filled; row += 1) this.rowsOfSteps.set(steps[row]!, (this.rowsOfSteps.get(steps[row]!) ?? 0) + 1);
    return { rows: filled, columns: [numbers, steps, ...values] };
  }

  /** Lines from `at` on until a batch is full; every line in the buffer ends there. Returns where it stopped, or ODD. */
  private scan(text: Buffer, from: number, end: number): number {
    const { numbers, steps, values, delimiter } = this;
    const { roles } = this.shape;
    const last = roles.length - 1;
    let at = from;
    let row = 0;
    for (; row < BATCH && at < end; row += 1) {
      let changed = false;
      for (let column = 0; column <= last; column += 1) {
        const role = roles[column]!;
        if (role >= 0) {
          values[role]![row] = this.number(text, at);
          at = this.at;
        } else if (role === ROLE.time) at = this.time(text, at);
        else if (role === ROLE.id) {
          const stop = fieldEnd(text, at, delimiter, 255);
          if (stop === ODD) return ODD;
          changed = !this.isLastId(text, at, stop);
          if (changed && !this.takeId(text, at, stop)) return ODD;
          at = stop;
        } else at = fieldEnd(text, at, delimiter, LAST_ASCII);
        if (at === ODD) return ODD;
        if (column < last) {
          if (text[at] !== delimiter) return ODD;
        } else {
          if (text[at] === RETURN) at += 1;
          if (text[at] !== NEWLINE) return ODD;
        }
        at += 1;
      }
      const { step } = this;
      if (!changed && step <= this.previousStep) return ODD;
      if (changed || this.firstSteps.length === 0) {
        if (this.firstSteps.length > 0) this.lastSteps.push(this.previousStep);
        this.firstSteps.push(step);
        this.firstRows.push(this.rowsRead + row);
      }
      this.previousStep = step;
      numbers[row] = this.ids.length - 1;
      steps[row] = step;
      if (!Number.isNaN(values[0]![row]) && (this.lastStep === null || step > this.lastStep)) this.lastStep = step;
    }
    this.filled = row;
    return at;
  }

  private isLastId(text: Buffer, from: number, to: number): boolean {
    const { lastId } = this;
    if (to - from !== this.lastIdBytes) return false;
    for (let i = from; i < to; i += 1) if (text[i] !== lastId[i - from]) return false;
    return true;
  }

  /** A series that begins; false where it has begun before. */
  private takeId(text: Buffer, from: number, to: number): boolean {
    if (to === from || to - from > MOST_ID_BYTES) return false;
    const bytes = text.subarray(from, to);
    const id = bytes.toString('utf8');
    // Broken UTF-8 does not come back the same.
    // An apostrophe may keep a spreadsheet from taking the id for a formula.
    if (/^[\p{Z}']|\p{Z}$|[\p{Cc}\uFFFD]|\.0+$/u.test(id) || this.seen.has(id)) return false;
    this.lastId.set(bytes);
    this.lastIdBytes = bytes.length;
    this.seen.add(id);
    this.ids.push(id);
    return true;
  }

  /** Reads a time into `step`; returns where it ends, or ODD. */
  private time(text: Buffer, from: number): number {
    if (text[from + 4] !== MINUS || text[from + 7] !== MINUS) return ODD;
    const year = (text[from]! << 24) | (text[from + 1]! << 16) | (text[from + 2]! << 8) | text[from + 3]!;
    const monthAndDay = (text[from + 5]! << 24) | (text[from + 6]! << 16) | (text[from + 8]! << 8) | text[from + 9]!;
    if ((year !== this.year || monthAndDay !== this.monthAndDay) && !this.takeDay(text, from, year, monthAndDay)) return ODD;
    let at = from + 10;
    let ms = 0;
    let instant = false;
    if (text[at] === UPPER_T || text[at] === SPACE) {
      const [hour, minute, second] = [pair(text, at + 1, 23), pair(text, at + 4, 59), pair(text, at + 7, 59)];
      if (hour < 0 || minute < 0 || second < 0 || text[at + 3] !== COLON || text[at + 6] !== COLON) return ODD;
      ms = ((hour * 60 + minute) * 60 + second) * 1000;
      at += 9;
      if (text[at] === POINT) for (at += 1; text[at] === ZERO; at += 1);
      if (text[at - 1] === POINT) return ODD;
      if (text[at] === UPPER_Z) {
        instant = true;
        at += 1;
      } else if (text[at] === PLUS || text[at] === MINUS) {
        instant = true;
        const east = text[at] === PLUS ? 1 : -1;
        const hours = pair(text, at + 1, 14);
        at += 3;
        const minutes = text[at] === COLON ? pair(text, at + 1, 59) : 0;
        if (hours < 0 || minutes < 0) return ODD;
        if (text[at] === COLON) at += 3;
        ms -= east * (hours * 60 + minutes) * 60_000;
      }
    }
    if (instant ? !this.shape.instants : !this.shape.clocks) return ODD;
    const step = this.calendar ? (ms === this.atMs ? this.dayStep : NaN) : (this.dayMs + ms - this.atMs) / this.widthMs;
    // NaN fails too.
    if (Math.floor(step) !== step) return ODD;
    this.step = step;
    return at;
  }

  private takeDay(text: Buffer, from: number, yearBytes: number, monthAndDay: number): boolean {
    const century = pair(text, from, 29);
    const [yearOfCentury, month, day] = [pair(text, from + 2, 99), pair(text, from + 5, 12), pair(text, from + 8, 31)];
    if (century < 10 || yearOfCentury < 0 || month < 1 || day < 1) return false;
    const dayMs = Date.UTC(100 * century + yearOfCentury, month - 1, day);
    if (new Date(dayMs).getUTCDate() !== day) return false;
    [this.year, this.monthAndDay, this.dayMs] = [yearBytes, monthAndDay, dayMs];
    if (this.calendar) {
      const number = dayMs / DAY_MS;
      let step = this.calendar.get(number);
      if (step === undefined) {
        const start = dayMs + this.atMs;
        step = this.shape.grid.floorStep(start);
        if (this.shape.grid.timeOf(step) !== start) step = NaN;
        this.calendar.set(number, step);
      }
      this.dayStep = step;
    }
    return true;
  }

  /** Reads a number, NaN for none, and moves `at` to its end, or to ODD. */
  private number(text: Buffer, from: number): number {
    let at = from;
    const negative = text[at] === MINUS;
    if (negative) at += 1;
    let whole = 0;
    const start = at;
    let byte = text[at]!;
    for (; byte >= ZERO && byte <= NINE; byte = text[++at]!) whole = whole * 10 + (byte - ZERO);
    let digits = at - start;
    let fraction = 0;
    if (digits > 0 && byte === POINT) {
      const point = at;
      for (byte = text[++at]!; byte >= ZERO && byte <= NINE; byte = text[++at]!) whole = whole * 10 + (byte - ZERO);
      fraction = at - point - 1;
      digits += fraction;
    }
    if (byte === this.delimiter || byte === NEWLINE || byte === RETURN) {
      this.at = at;
      if (at === from) return NaN;
      if (digits > 0 && digits <= EXACT_DIGITS && text[at - 1] !== POINT) {
        const value = fraction === 0 ? whole : whole / POWERS[fraction]!;
        return negative ? -value : value;
      }
    }
    return this.longNumber(text, from);
  }

  private longNumber(text: Buffer, from: number): number {
    let to = from;
    while (text[to] !== this.delimiter && text[to] !== NEWLINE && text[to] !== RETURN) to += 1;
    const written = text.toString('latin1', from, to);
    const value = NUMBER.test(written) ? Number(written) : NaN;
    this.at = Number.isFinite(value) ? to : ODD;
    return value;
  }
}

/** A number of two digits, -1 where it is none or above `most`. */
function pair(text: Buffer, at: number, most: number): number {
  const [high, low] = [text[at]! - ZERO, text[at + 1]! - ZERO];
  if (high < 0 || high > 9 || low < 0 || low > 9) return -1;
  const value = 10 * high + low;
  return value <= most ? value : -1;
}

/** Where a field of bare text ends; ODD where there is a quote in it, whose meaning depends on where it is, or a byte above `most`. */
function fieldEnd(text: Buffer, from: number, delimiter: number, most: number): number {
  let at = from;
  for (let byte = text[at]!; byte !== delimiter && byte !== NEWLINE && byte !== RETURN; byte = text[++at]!)
    if (byte === QUOTE || byte > most) return ODD;
  return at;
}
