/**
 * How gaps lie: at the same distance, or at the same place of a day or week. A gap that comes again like this is no accident
 * but a rhythm that the grid does not have, and is reported as such.
 */

/** Share of the gaps that makes a pattern. */
const MOST = 0.8;
/** Fewer gaps than these are accidents. */
const LEAST = 4;
/** Different gaps that are remembered. */
const KINDS = 10_000;
/** Series that are remembered of each kind. */
const NAMED = 4;
/** Patterns that are named. */
const MOST_PATTERNS = 3;

export interface GapPattern {
  /** Steps from one value to the next, where they are the same throughout. */
  apart?: number;
  /** Else: how many steps are missing from which step of a season of how many. */
  missing?: {
    steps: number;
    from: number;
    season: number;
    times: number;
    /** Ids of the first few that have it. */
    series: string[];
    /** Every series has it. */
    all: boolean;
    /** A step at which such a gap began, to tell its time by. */
    example: number;
  };
}

interface Kind {
  steps: number;
  first: number;
  times: number;
  of: Set<string>;
}

export class GapPatterns {
  /** By length of the gap and place in the longest season. */
  private readonly kinds = new Map<string, Kind>();
  /** The same of the series that is read. */
  private readonly ownKinds = new Map<string, Kind>();
  /** Patterns of single series, by what is missing where. */
  private readonly ownPatterns = new Map<string, NonNullable<GapPattern['missing']>>();
  private series = 0;
  private id = '';
  private tornCount = 0;
  private tornId: string | undefined;
  private gaps = 0;
  private pairs = 0;
  private last = NaN;
  private readonly longest: number;

  /** @param seasons in steps, shortest first */
  constructor(private readonly seasons: readonly number[]) {
    this.longest = seasons.at(-1) ?? 1;
  }

  nextSeries(id: string): void {
    this.endSeries();
    this.id = id;
    this.series += 1;
    this.last = NaN;
  }

  /** @param torn whether any value is missing in between */
  add(firstStep: number, values: Float64Array, torn: boolean): void {
    // Pieces begin and end with a value, or are all gaps.
    if (values.length === 0 || Number.isNaN(values[0]!)) return;
    this.note(firstStep);
    if (torn) {
      for (let i = 1; i < values.length; i += 1) {
        if (Number.isNaN(values[i]!)) continue;
        if (Number.isNaN(values[i - 1]!)) this.note(firstStep + i);
        else {
          this.pairs += 1;
          this.last = firstStep + i;
        }
      }
    } else {
      this.pairs += values.length - 1;
      this.last = firstStep + values.length - 1;
    }
  }

  /** A value that may come after a gap. */
  private note(step: number): void {
    if (!Number.isNaN(this.last)) this.pairs += 1;
    const steps = step - this.last - 1;
    if (steps > 0) {
      const first = this.last + 1;
      const place = ((first % this.longest) + this.longest) % this.longest;
      const key = `${steps} ${place}`;
      const known = this.ownKinds.get(key);
      if (known) known.times += 1;
      else if (this.ownKinds.size < KINDS) this.ownKinds.set(key, { steps, first, times: 1, of: new Set([this.id]) });
      this.tearing();
      this.gaps += 1;
    }
    this.last = step;
  }

  /** How many series have gaps. */
  private tearing(): void {
    if (this.id !== this.tornId) this.tornCount += 1;
    this.tornId = this.id;
  }

  /** What series have of their own: shops that open at different hours share no pattern, and each of them has one. */
  private endSeries(): void {
    if (this.ownKinds.size === 0) return;
    const found = this.patternOf([...this.ownKinds.values()], false);
    for (const [key, kind] of this.ownKinds) {
      const known = this.kinds.get(key);
      if (known) {
        known.times += kind.times;
        if (known.of.size < NAMED) known.of.add(this.id);
      } else if (this.kinds.size < KINDS) this.kinds.set(key, kind);
    }
    this.ownKinds.clear();
    if (!found) return;
    const key = keyOf(found);
    const known = this.ownPatterns.get(key);
    if (!known) {
      if (this.ownPatterns.size < KINDS) this.ownPatterns.set(key, found);
      return;
    }
    known.times += found.times;
    if (known.series.length < NAMED) known.series.push(...found.series);
  }

  /** Those that most gaps follow: of all series, then of some of them; the most frequent first. */
  find(): GapPattern[] {
    this.endSeries();
    if (this.gaps < LEAST) return [];
    const kinds = [...this.kinds.values()];
    const bySteps = grouped(kinds, ({ steps }) => steps);
    if (bySteps.times >= MOST * this.gaps && this.gaps >= MOST * this.pairs) return [{ apart: bySteps.key + 1 }];
    const shared = this.patternOf(kinds, this.tornCount === this.series);
    const own = [...this.ownPatterns.values()].sort((a, b) => b.times - a.times);
    const others = own.filter((one) => !shared || keyOf(one) !== keyOf(shared));
    return [...(shared ? [shared] : []), ...others].slice(0, MOST_PATTERNS).map((missing) => ({ missing }));
  }

  /** The place of a season at which most of these gaps lie. */
  private patternOf(kinds: readonly Kind[], all: boolean): GapPattern['missing'] {
    const gaps = kinds.reduce((sum, { times }) => sum + times, 0);
    if (gaps < LEAST) return undefined;
    for (const season of this.seasons) {
      const place = ({ steps, first }: Kind): number => steps * season + (((first % season) + season) % season);
      const { key, times } = grouped(kinds, place);
      if (times < MOST * gaps) continue;
      const same = kinds.filter((kind) => place(kind) === key);
      const series = [...new Set(same.flatMap(({ of }) => [...of]))];
      return { steps: Math.floor(key / season), from: key % season, season, times, series, all, example: same[0]!.first };
    }
    return undefined;
  }
}

const keyOf = ({ steps, from, season }: NonNullable<GapPattern['missing']>): string => `${steps} ${from} ${season}`;

function grouped<T extends { times: number }>(kinds: readonly T[], by: (kind: T) => number): { key: number; times: number } {
  const counts = new Map<number, number>();
  for (const kind of kinds) counts.set(by(kind), (counts.get(by(kind)) ?? 0) + kind.times);
  let best = { key: 0, times: 0 };
  for (const [key, times] of counts) if (times > best.times) best = { key, times };
  return best;
}
