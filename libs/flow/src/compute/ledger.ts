/**
 * The one book of a worker's cores and memory: whatever computes for it (a child process, a reader of files) has its place here first.
 *
 * Invariants: those that compute at a time never have more threads together than the worker has, nor more memory reserved than is
 * free, except for one that is alone and needs more: it was admitted, so it may try. Who can pause lends its threads to who waits,
 * keeps its memory, and gets as much time as it lent; so short work does not wait behind long work, and long work is not starved.
 * Workspaces take turns; within one, whoever came first.
 */
export interface Capacity {
  threads: number;
  /** What of the worker's memory nobody else on the machine has taken. */
  memoryBytes: () => number;
  /** Computes so long at a time while others wait. */
  turnSeconds: number;
}

export interface Demand {
  threads: number;
  /** At its peak. */
  memoryBytes: number;
  /** The workspace that it is for. */
  whose: string;
}

/** How a long computation is asked to lend its threads; it answers with `Place.paused`. */
export interface Pausing {
  pause(): void;
  goOn(): void;
}

export interface Place {
  /** It has stopped computing, as it was asked to. */
  paused(): void;
  /** Once, whatever became of it. */
  leave(): void;
}

export interface Reserved {
  threads: number;
  memoryBytes: number;
  /** Computations that have lent their threads. */
  paused: number;
  /** Computations that wait for threads or memory. */
  waiting: number;
}

interface Holder extends Demand {
  pausing: Pausing | undefined;
  state: 'computing' | 'asked' | 'paused';
  /** Seconds that it may lend; it earns them by computing. */
  credit: number;
  since: number;
}

interface Waiter extends Demand {
  pausing: Pausing | undefined;
  turn: number;
  since: number;
  enter(place: Place): void;
}

const MOST_CREDIT_TURNS = 2;
/** Of a turn; whoever has gone on computes at least so long. */
const LEAST_SHARE = 1 / 6;

export class Ledger {
  private readonly holders = new Set<Holder>();
  private waiters: Waiter[] = [];
  /** Last turn of each workspace, and the highest that was served. */
  private readonly turns = new Map<string, number>();
  private served = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param now milliseconds; a test passes its own */
  constructor(
    private readonly capacity: Capacity,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Waits for a place.
   * @param pausing of who can lend its threads
   * @throws the reason of the signal
   */
  async enter(demand: Demand, signal: AbortSignal, pausing?: Pausing): Promise<Place> {
    signal.throwIfAborted();
    const turn = 1 + Math.max(this.served, this.turns.get(demand.whose) ?? 0);
    this.turns.set(demand.whose, turn);
    const threads = Math.min(demand.threads, this.capacity.threads);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { ...demand, threads, pausing, turn, since: this.now(), enter: resolve };
      const stop = (): void => {
        if (!this.waiters.includes(waiter)) return;
        this.waiters = this.waiters.filter((other) => other !== waiter);
        reject(signal.reason as Error);
        this.look();
      };
      waiter.enter = (place) => {
        signal.removeEventListener('abort', stop);
        resolve(place);
      };
      signal.addEventListener('abort', stop);
      this.waiters.push(waiter);
      this.look();
    });
  }

  get reserved(): Reserved {
    const held = [...this.holders];
    return {
      threads: this.busy,
      memoryBytes: held.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
      paused: held.filter(({ state }) => state === 'paused').length,
      waiting: this.waiters.length,
    };
  }

  /** Whether somebody has waited for a turn's time for memory that others hold: pausing does not give it back. */
  get shortOfMemory(): boolean {
    const { turnSeconds } = this.capacity;
    return this.waiters.some((waiter) => !this.hasMemoryFor(waiter) && this.now() - waiter.since > 1000 * turnSeconds);
  }

  private get busy(): number {
    return [...this.holders].reduce((sum, { state, threads }) => sum + (state === 'paused' ? 0 : threads), 0);
  }

  private hasMemoryFor({ memoryBytes }: Demand): boolean {
    return this.holders.size === 0 || this.reserved.memoryBytes + memoryBytes <= this.capacity.memoryBytes();
  }

  /** Gives out what there is; whatever changes, this is looked at again. */
  private look(): void {
    clearTimeout(this.timer);
    this.giveOut();
    this.lookLater();
  }

  private giveOut(): void {
    const paused = [...this.holders].filter(({ state }) => state === 'paused');
    // Who has lent all that it had goes first: nobody else starts until it can go on.
    for (const holder of paused)
      if (this.creditOf(holder) <= 0 && !this.makeRoom(holder.threads, () => this.change(holder, 'computing'))) return;
    for (const waiter of this.inOrder()) if (this.hasMemoryFor(waiter) && !this.makeRoom(waiter.threads, () => this.admit(waiter))) return;
    for (const holder of paused) if (holder.state === 'paused' && this.free >= holder.threads) this.change(holder, 'computing');
  }

  private get free(): number {
    return this.capacity.threads - this.busy;
  }

  /** What cannot pause is short: it goes before what can, unless that has waited for a whole turn. */
  private inOrder(): Waiter[] {
    const patience = 1000 * this.capacity.turnSeconds;
    const canWait = ({ pausing, since }: Waiter): number => Number(pausing !== undefined && this.now() - since < patience);
    return this.waiters.toSorted((a, b) => canWait(a) - canWait(b) || a.turn - b.turn);
  }

  /** Does it where there are so many threads; else asks who computes and can pause for as many as are missing. */
  private makeRoom(threads: number, then: () => void): boolean {
    if (this.free >= threads) {
      then();
      return true;
    }
    const computing = [...this.holders];
    let coming = this.free + computing.reduce((sum, one) => sum + (one.state === 'asked' ? one.threads : 0), 0);
    const able = computing.filter((one) => one.state === 'computing' && one.pausing && this.creditOf(one) >= this.leastCredit);
    if (coming + able.reduce((sum, one) => sum + one.threads, 0) < threads) return false;
    for (const holder of able.toSorted((a, b) => this.creditOf(b) - this.creditOf(a))) {
      if (coming >= threads) break;
      coming += holder.threads;
      this.change(holder, 'asked');
    }
    return false;
  }

  private admit(waiter: Waiter): void {
    this.waiters = this.waiters.filter((other) => other !== waiter);
    this.served = Math.max(this.served, waiter.turn);
    const { threads, memoryBytes, whose, pausing } = waiter;
    const holder: Holder = {
      threads,
      memoryBytes,
      whose,
      pausing,
      state: 'computing',
      credit: this.capacity.turnSeconds,
      since: this.now(),
    };
    this.holders.add(holder);
    waiter.enter({
      paused: () => {
        if (holder.state !== 'asked') return;
        this.change(holder, 'paused');
        this.look();
      },
      leave: () => {
        if (this.holders.delete(holder)) this.look();
      },
    });
  }

  private change(holder: Holder, state: Holder['state']): void {
    holder.credit = this.creditOf(holder);
    holder.since = this.now();
    const before = holder.state;
    holder.state = state;
    if (state === 'asked') holder.pausing?.pause();
    else if (before === 'paused') holder.pausing?.goOn();
  }

  private creditOf({ state, credit, since }: Holder): number {
    const seconds = (this.now() - since) / 1000;
    return state === 'paused' ? credit - seconds : Math.min(MOST_CREDIT_TURNS * this.capacity.turnSeconds, credit + seconds);
  }

  private get leastCredit(): number {
    return LEAST_SHARE * this.capacity.turnSeconds;
  }

  /** When a pause is over, or one may begin, without anybody having come or gone. */
  private lookLater(): void {
    const paused = [...this.holders].filter(({ state }) => state === 'paused');
    if (this.waiters.length === 0 && paused.length === 0) return;
    const seconds = [...this.holders].flatMap((holder) => {
      if (!holder.pausing || holder.state === 'asked') return [];
      const credit = this.creditOf(holder);
      if (holder.state === 'paused') return [credit];
      return credit < this.leastCredit ? [this.leastCredit - credit] : [];
    });
    // What else is free of the machine's memory nobody announces.
    const soonest = Math.max(0.01, Math.min(1, ...seconds));
    this.timer = setTimeout(() => this.look(), 1000 * soonest).unref();
  }
}
