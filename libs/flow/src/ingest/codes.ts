/**
 * Numbers that stand for nothing known (-999, 9999, 999.9, the largest a machine counts to), as loggers and old programs write them. They
 * are stored as the numbers that they are, and named by series: a forecast of them would be one of holes.
 * Invariant: what is remembered does not grow with the file.
 */
/** Once may be a value like others. */
const LEAST_TIMES = 2;
/** Farther from all others than so many times what these span. */
const FAR = 2;
const LEAST = 99.9;
const MACHINE = new Set([32_767, 65_535, 2_147_483_647, 4_294_967_295, 1e20, 1e30]);
/** Series that are named. */
const NAMED = 3;

export const isCode = (value: number): boolean => {
  const size = Math.abs(value);
  if (size < LEAST) return false;
  return MACHINE.has(size) || size === 32_768 || size === 2_147_483_648 || /^9{2,}(\.9+)?$/.test(String(size));
};

interface Found {
  id: string;
  value: number;
  times: number;
}

export class Codes {
  private readonly found: Found[] = [];
  private count = 0;
  private id: string | undefined;
  private low = Infinity;
  private lowTimes = 0;
  private nextLow = Infinity;
  private high = -Infinity;
  private highTimes = 0;
  private nextHigh = -Infinity;

  add(id: string, values: Float64Array): void {
    if (id !== this.id) {
      this.end();
      this.id = id;
    }
    for (const value of values) {
      // A gap is neither.
      if (value < this.low) {
        this.nextLow = this.low;
        this.low = value;
        this.lowTimes = 1;
      } else if (value === this.low) this.lowTimes++;
      else if (value < this.nextLow) this.nextLow = value;
      if (value > this.high) {
        this.nextHigh = this.high;
        this.high = value;
        this.highTimes = 1;
      } else if (value === this.high) this.highTimes++;
      else if (value > this.nextHigh) this.nextHigh = value;
    }
  }

  private end(): void {
    const { id, low, high, nextLow, nextHigh } = this;
    if (id !== undefined && low < high) {
      const [lowIs, highIs] = [this.lowTimes >= LEAST_TIMES && isCode(low), this.highTimes >= LEAST_TIMES && isCode(high)];
      // What else there is, and how far that reaches.
      const [from, to] = [lowIs ? nextLow : low, highIs ? nextHigh : high];
      const far = FAR * (to - from);
      if (lowIs && from <= to && from - low > far) this.note({ id, value: low, times: this.lowTimes });
      if (highIs && from <= to && high - to > far) this.note({ id, value: high, times: this.highTimes });
    }
    this.low = this.nextLow = Infinity;
    this.high = this.nextHigh = -Infinity;
    this.lowTimes = this.highTimes = 0;
  }

  private note(found: Found): void {
    this.count++;
    if (this.found.length < NAMED) this.found.push(found);
  }

  warnings(): string[] {
    this.end();
    this.id = undefined;
    if (this.count === 0) return [];
    const shown = this.found.map(({ id, value, times }) => `${value} (${times} times in series "${id.slice(0, 100)}")`).join(', ');
    const more = this.count > this.found.length ? ` and ${(this.count - this.found.length).toLocaleString('en')} more` : '';
    return [
      `Far from all other values, and written as codes for missing ones are: ${shown}${more}. They are taken for numbers; ` +
        'where nothing is known, leave the value empty.',
    ];
  }
}
