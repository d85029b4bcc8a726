/**
 * Whether work can be done just now, part by part. Each part has `PATIENCE_MS` to answer, and what was found is good for
 * `KNOWN_MS`, so that many probes ask the database once.
 */
import { type Readiness, type ReadinessCheck, readinessCheck } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import { statfs } from 'node:fs/promises';

const PATIENCE_MS = 2_000;
const KNOWN_MS = 1_000;
/** Workers beat every five seconds. */
const WORKER_SEEN_MS = 15_000;
const RETRY_SECONDS = 5;
const MEGABYTE = 2 ** 20;

type Found = Readiness['checks'][number];

export interface Disk {
  /** Where uploads and what is on its way are written. */
  folder: string;
  leastFreeBytes: number;
}

export class ReadinessProbe {
  private known: { at: number; found: Promise<Found[]> } | undefined;

  constructor(
    private readonly context: FlowContext,
    private readonly disk: Disk | undefined,
  ) {}

  /** @param without names of checks, with commas between @throws AlmanacError NOT_READY, saying which parts are missing and why */
  async check(without: string | undefined): Promise<Readiness> {
    const left = namesOf(without);
    const checks = (await this.find()).filter(({ name }) => !left.has(name));
    const missing = checks.filter(({ ok }) => !ok);
    if (missing.length === 0) return { status: 'ready', version: this.context.codeVersion, checks };
    throw new AlmanacError('NOT_READY', `Not ready: ${missing.map(({ name, detail }) => `${name} (${detail})`).join(', ')}.`, {
      hint: 'What waits goes on by itself once they are back.',
      subject: { checks, retryAfterSeconds: RETRY_SECONDS },
      status: 503,
    });
  }

  private find(): Promise<Found[]> {
    const now = performance.now();
    if (this.known === undefined || now - this.known.at > KNOWN_MS) this.known = { at: now, found: this.look() };
    return this.known.found;
  }

  private look(): Promise<Found[]> {
    const { store, queue, objects } = this.context;
    const parts: Record<ReadinessCheck, () => Promise<string>> = {
      database: () => store.ping().then(() => 'answers'),
      queue: () => queue.depth().then(() => 'answers'),
      objects: () => objects.check().then(() => 'can be written'),
      disk: () => this.room(),
      worker: async () => {
        const { length } = await store.workers.list(WORKER_SEEN_MS);
        if (length === 0) throw new Error('none lives');
        return `${length} ${length === 1 ? 'lives' : 'live'}`;
      },
    };
    return Promise.all(readinessCheck.options.map((name) => foundBy(name, parts[name])));
  }

  private async room(): Promise<string> {
    if (this.disk === undefined) return 'not looked at';
    const { bavail, bsize } = await statfs(this.disk.folder);
    const [free, least] = [bavail * bsize, this.disk.leastFreeBytes].map((bytes) => Math.floor(bytes / MEGABYTE));
    if (free! < least!) throw new Error(`${free} MB free, ${least} MB are the least`);
    return `${free} MB free`;
  }
}

async function foundBy(name: ReadinessCheck, look: () => Promise<string>): Promise<Found> {
  const start = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  const end = (ok: boolean, detail: string): Found => ({ name, ok, detail, ms: Math.round(performance.now() - start) });
  try {
    return end(true, await Promise.race([look(), late]));
  } catch (error) {
    // Addresses and users of other servers are nobody's business who has no key.
    const ours = error instanceof Error && /^(none lives|no answer|\d+ MB)/.test(error.message);
    return end(false, ours ? error.message : 'does not answer');
  } finally {
    clearTimeout(timer);
  }
}

/** @throws AlmanacError REQUEST_INVALID */
function namesOf(without: string | undefined): ReadonlySet<string> {
  const names = (without ?? '').split(',').filter((name) => name !== '');
  const known = new Set<string>(readinessCheck.options);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new AlmanacError('REQUEST_INVALID', `query.without: there is no check "${unknown.slice(0, 50)}".`, {
      hint: `There are ${readinessCheck.options.join(', ')}.`,
    });
  return new Set(names);
}
