/**
 * Totals among the series of a file: a series that is (nearly) the sum of the others at the same times, or that is named like one. They
 * are stored as what they are, and named: a model would learn them beside their parts, and sums over all series count them twice.
 * Invariant: what is remembered does not grow with the file: sums at up to `SLOTS` steps, and the largest series.
 */

/** Steps that are looked at, evenly spread. */
const SLOTS = 128;
/** The largest series: a total is one of them. */
const CANDIDATES = 8;
/** Common times that show a sum, and the share of them at which it holds, by rounding. */
const LEAST_TIMES = 8;
const MOST = 0.95;
const NEARLY = 0.005;
/** Parts at each of them; the total is one more. */
const LEAST_PARTS = 2;
/** Levels of a hierarchy, each of which adds up to the total. */
const MOST_LEVELS = 5;
/** By so much it is larger than the next one where there are several levels: three equal series are none. */
const LARGER = 1.2;
const NAMED = 100;
const SAID = 3;

const WORDS = [
  'total|totals|totale|totaal|totalt|totalsumme|totalsumma|toplam|razem|suma|sum|sums|summe|summa|somme|som|gesamt|gesamtsumme|gesamtergebnis',
  'ergebnis|insgesamt|eindtotaal|overall|ensemble|итог|итого|всего|合計|総計|总计|總計|合计|합계|총합계',
].join('|');
const WHAT = 'stores|shops|regions|countries|states|products|items|skus|series|categories|sites|locations|customers|markets|channels';
const NAMES = [
  `^((grand|sub|overall|общий|suma)[ _-]?)?(${WORDS})( (général|general|geral|généraux|complessivo|końcowa|geneli))?$`,
  `^(total|gesamt)[ _-](${WHAT})$`,
  `^(all|alle|tous|toutes|todos|todas|tutti|alles|(the )?sum of all)([ _-](${WHAT}))?$`,
].map((pattern) => new RegExp(pattern, 'iu'));
/** `North Total`, `Nord Ergebnis`, `Total North`: one of its part where there is such a series. */
const OF_PART = new RegExp(`^(?:(.+?)[ _-](?:${WORDS})|(?:${WORDS})[ _-](.+))$`, 'iu');
/** Ids that are remembered to find the parts by. */
const MOST_IDS = 10_000;

/** `Total`, `Grand total`, `All stores`, `Summe`. */
export const isTotalName = (name: string): boolean => NAMES.some((pattern) => pattern.test(name.trim()));

interface Candidate {
  id: string;
  size: number;
  values: Float64Array;
}

export class Totals {
  private readonly names: string[] = [];
  private readonly ofParts: { id: string; part: string }[] = [];
  private readonly ids = new Set<string>();
  private series = 0;
  private id: string | undefined;
  /** A slot is a step that is a multiple of `stride`, from `base` times that on. */
  private stride = 1;
  private base = 0;
  private used = 0;
  private sums = new Float64Array(SLOTS);
  private counts = new Float64Array(SLOTS);
  private current = new Float64Array(SLOTS).fill(Number.NaN);
  private candidates: Candidate[] = [];

  /** Pieces of a series follow each other. */
  add(id: string, firstStep: number, values: Float64Array): void {
    if (id !== this.id) {
      this.end();
      this.id = id;
    }
    this.make(firstStep, firstStep + values.length - 1);
    for (let slot = Math.ceil(firstStep / this.stride); ; slot++) {
      const at = slot * this.stride - firstStep;
      if (at >= values.length) break;
      if (!Number.isNaN(values[at]!)) this.current[slot - this.base] = values[at]!;
    }
  }

  /** Room for the steps between two: others are left out until all fit. */
  private make(first: number, last: number): void {
    for (;;) {
      const [from, to] = [Math.ceil(first / this.stride), Math.floor(last / this.stride)];
      if (to < from) return;
      const base = this.used === 0 ? from : Math.min(this.base, from);
      const end = this.used === 0 ? to : Math.max(this.base + this.used - 1, to);
      if (end - base < SLOTS) {
        if (base < this.base && this.used > 0) this.lay((slot) => slot + this.base - base);
        [this.base, this.used] = [base, end - base + 1];
        return;
      }
      const next = Math.ceil(this.base / 2);
      this.lay((slot) => ((slot + this.base) % 2 === 0 ? (slot + this.base) / 2 - next : -1));
      [this.used, this.base] = [Math.max(0, Math.floor((this.base + this.used - 1) / 2) - next + 1), next];
      this.stride *= 2;
    }
  }

  private lay(to: (slot: number) => number): void {
    const moved = (from: Float64Array, fill: number): Float64Array<ArrayBuffer> => {
      const laid = new Float64Array(SLOTS).fill(fill);
      for (let slot = 0; slot < this.used; slot++) if (to(slot) >= 0) laid[to(slot)] = from[slot]!;
      return laid;
    };
    this.sums = moved(this.sums, 0);
    this.counts = moved(this.counts, 0);
    this.current = moved(this.current, Number.NaN);
    this.candidates = this.candidates.map(({ id, values }) => sized(id, moved(values, Number.NaN)));
  }

  private end(): void {
    if (this.id === undefined) return;
    this.series++;
    this.remember(this.id);
    for (let slot = 0; slot < this.used; slot++) {
      const value = this.current[slot]!;
      if (Number.isNaN(value)) continue;
      this.sums[slot]! += value;
      this.counts[slot]! += 1;
    }
    const one = sized(this.id, this.current);
    if (this.candidates.length < CANDIDATES || one.size > this.candidates.at(-1)!.size) {
      this.candidates = [...this.candidates, { ...one, values: this.current.slice() }].sort((a, b) => b.size - a.size).slice(0, CANDIDATES);
    }
    this.current.fill(Number.NaN);
    this.id = undefined;
  }

  private remember(id: string): void {
    if (this.ids.size < MOST_IDS) this.ids.add(id);
    if (isTotalName(id)) {
      if (this.names.length < NAMED) this.names.push(id);
      return;
    }
    const part = OF_PART.exec(id.trim());
    if (part && this.ofParts.length < NAMED) this.ofParts.push({ id, part: part[1] ?? part[2]! });
  }

  /** Series that are totals, by what shows it, once all were added. */
  find(): { sums: string[]; names: string[] } {
    this.end();
    if (this.series < LEAST_PARTS) return { sums: [], names: [] };
    const sums = this.candidates.filter((one) => this.isSum(one)).map(({ id }) => id);
    const named = [...this.names, ...this.ofParts.filter(({ part }) => this.ids.has(part)).map(({ id }) => id)];
    return { sums, names: named.filter((id) => !sums.includes(id)) };
  }

  /** It and its parts add up to twice of it; with a level between, or where it is there twice, to three times. */
  private isSum({ size, values }: Candidate): boolean {
    const isSame = (other: Candidate): boolean => Math.abs(other.size - size) <= NEARLY * size;
    const same = this.candidates.filter(isSame).length;
    const next = this.candidates.find((other) => !isSame(other))?.size ?? Infinity;
    const isConstant = new Set(values.filter((value) => !Number.isNaN(value))).size < 2;
    for (let levels = 1 + same; levels <= (size > LARGER * next && !isConstant ? MOST_LEVELS : 2); levels++) {
      let [times, holds] = [0, 0];
      for (let slot = 0; slot < this.used; slot++) {
        const value = values[slot]!;
        if (Number.isNaN(value) || value === 0 || this.counts[slot]! <= LEAST_PARTS) continue;
        times++;
        if (Math.abs(this.sums[slot]! - levels * value) <= NEARLY * Math.abs(levels * value)) holds++;
      }
      if (times >= LEAST_TIMES && holds >= MOST * times) return true;
    }
    return false;
  }

  warnings(): string[] {
    const { sums, names } = this.find();
    const said = (ids: readonly string[], one: string, several: string): string[] => {
      if (ids.length === 0) return [];
      const shown = ids.slice(0, SAID).map((id) => `"${id.slice(0, 100)}"`);
      const more = ids.length > SAID ? ` and ${(ids.length - SAID).toLocaleString('en')} more` : '';
      return [`series ${shown.join(', ')}${more} ${ids.length === 1 ? one : several}`];
    };
    const all = [
      ...said(sums, 'is (nearly) the sum of the others at the same times', 'are (nearly) the sum of the others at the same times'),
      ...said(names, 'is named like a total', 'are named like totals'),
    ].join('; ');
    if (all === '') return [];
    return [
      `${all[0]!.toUpperCase()}${all.slice(1)}. A total is taken for a series like the others: models learn it beside its parts, and what is summed over all ` +
        'series counts it twice. Leave it out of the file if that is not meant; the forecast of a total can be made from those of its parts.',
    ];
  }
}

const sized = (id: string, values: Float64Array): Candidate => ({
  id,
  size: values.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + Math.abs(value)), 0),
  values,
});
