/**
 * What was looked up by a secret's hash in the last few seconds, so that a request for a chart does not ask the database twice.
 *
 * Invariants: what this process took back is forgotten at once; what was taken back elsewhere opens nothing after
 * `REMEMBERED_MS`. What is unknown is never remembered, so that guessing fills no memory.
 */
export const REMEMBERED_MS = 5_000;
/** Who was found within this time is no stranger: a look-up for them is not counted as a guess. */
const MET_MS = 3_600_000;
const SWEEP_EVERY_MS = 600_000;
/** So often, and for so many at once, are strangers looked up of whom too many came. */
const TOGETHER_MS = 250;
const MOST_TOGETHER = 1_000;

interface LookUps<T> {
  find(hash: string): Promise<T | null>;
  /** Which of them there are at all. */
  known(hashes: readonly string[]): Promise<ReadonlySet<string>>;
}

export class Remembered<T> {
  private readonly seen = new Map<string, { found: T; at: number }>();
  /** Counts what was taken back: a look-up that this has overtaken is not remembered. */
  private forgotten = 0;
  private sweptAt = performance.now();
  private crowd: { hashes: Set<string>; known: Promise<ReadonlySet<string>> } | undefined;

  constructor(private readonly lookUps: LookUps<T>) {}

  /** Whether it was found in the last hour. */
  hasMet(hash: string): boolean {
    return this.seen.has(hash);
  }

  async find(hash: string): Promise<T | null> {
    const now = performance.now();
    const known = this.seen.get(hash);
    if (known && known.at > now - REMEMBERED_MS) return known.found;
    const { forgotten } = this;
    const found = await this.lookUps.find(hash);
    if (found && forgotten === this.forgotten) this.seen.set(hash, { found, at: now });
    else this.seen.delete(hash);
    if (now > this.sweptAt + SWEEP_EVERY_MS) this.sweep(now);
    return found;
  }

  /** As `find`, for strangers of whom too many came: the database is asked a few times a second, for all of them together. */
  async findInCrowd(hash: string): Promise<T | null> {
    this.crowd ??= this.gather();
    const { hashes, known } = this.crowd;
    if (hashes.size >= MOST_TOGETHER) return null;
    hashes.add(hash);
    return (await known).has(hash) ? this.find(hash) : null;
  }

  private gather(): NonNullable<typeof this.crowd> {
    const hashes = new Set<string>();
    const known = new Promise((resolve) => setTimeout(resolve, TOGETHER_MS)).then(() => {
      this.crowd = undefined;
      return this.lookUps.known([...hashes]);
    });
    return { hashes, known };
  }

  /** To be called after it was taken back, or changed. */
  forget(which: (found: T) => boolean): void {
    this.forgotten += 1;
    for (const [hash, { found }] of this.seen) if (which(found)) this.seen.delete(hash);
  }

  private sweep(now: number): void {
    this.sweptAt = now;
    for (const [hash, { at }] of this.seen) if (at < now - MET_MS) this.seen.delete(hash);
  }
}
