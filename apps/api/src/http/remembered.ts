/**
 * What was looked up by a secret's hash in the last few seconds, so that a request for a chart does not ask the database twice.
 *
 * Invariants: what this process took back is forgotten at once; what was taken back elsewhere opens nothing after
 * `REMEMBERED_MS`. What is unknown is never remembered, so that guessing fills no memory.
 */
export const REMEMBERED_MS = 5_000;

export class Remembered<T> {
  private readonly seen = new Map<string, { found: T; until: number }>();
  /** Counts what was taken back: a look-up that this has overtaken is not remembered. */
  private forgotten = 0;

  constructor(private readonly lookUp: (hash: string) => Promise<T | null>) {}

  async find(hash: string): Promise<T | null> {
    const now = performance.now();
    const known = this.seen.get(hash);
    if (known && known.until > now) return known.found;
    const { forgotten } = this;
    const found = await this.lookUp(hash);
    if (found && forgotten === this.forgotten) this.seen.set(hash, { found, until: now + REMEMBERED_MS });
    else this.seen.delete(hash);
    return found;
  }

  /** To be called after it was taken back, or changed. */
  forget(which: (found: T) => boolean): void {
    this.forgotten += 1;
    for (const [hash, { found }] of this.seen) if (which(found)) this.seen.delete(hash);
  }
}
