import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ledger, type Pausing, type Place } from './ledger.js';

const TURN = 30;
const never = new AbortController().signal;

let ledger: Ledger;
let memory: number;
/** Names of what computes, as the ledger let them, with their threads. */
let computing: Map<string, number>;
let most: number;

beforeEach(() => {
  vi.useFakeTimers();
  memory = 1000;
  computing = new Map();
  most = 0;
  ledger = new Ledger({ threads: 4, memoryBytes: () => memory, turnSeconds: TURN });
});
afterEach(() => {
  vi.useRealTimers();
});

function note(name: string, threads: number): void {
  computing.set(name, threads);
  most = Math.max(
    most,
    [...computing.values()].reduce((a, b) => a + b, 0),
  );
}

interface Task {
  place: Promise<Place>;
  /** Once it is in. */
  leave(): Promise<void>;
}

function task(name: string, threads: number, { long = false, whose = 'a', memoryBytes = 0, signal = never } = {}): Task {
  const entered: { place?: Place } = {};
  // A step takes a second: only then can it pause.
  const pausing: Pausing = {
    pause: () =>
      void setTimeout(() => {
        computing.delete(name);
        entered.place!.paused();
      }, 1000),
    goOn: () => note(name, threads),
  };
  const place = ledger.enter({ threads, memoryBytes, whose }, signal, long ? pausing : undefined).then((got) => {
    entered.place = got;
    note(name, threads);
    return got;
  });
  return {
    place,
    async leave() {
      computing.delete(name);
      (await place).leave();
      await seconds(0);
    },
  };
}

const seconds = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(1000 * count);
const now = (): string[] => [...computing.keys()].sort();

describe('threads', () => {
  it('never has more computing than there are', async () => {
    const four = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => task(name, 2));
    await seconds(1);
    expect(now()).toEqual(['a', 'b']);
    await four[0]!.leave();
    await four[1]!.leave();
    expect(now()).toEqual(['c', 'd']);
    expect(ledger.reserved).toMatchObject({ threads: 4, waiting: 2 });
    expect(most).toBe(4);
  });

  it('lends those of a long computation to a short one, and gives them back', async () => {
    task('training', 4, { long: true });
    await seconds(1);
    const answer = task('answer', 1);
    await seconds(0.5);
    expect(now()).toEqual(['training']);
    await seconds(1);
    expect(now()).toEqual(['answer']);
    expect(ledger.reserved).toMatchObject({ threads: 1, paused: 1 });
    await answer.leave();
    expect(now()).toEqual(['training']);
    expect(most).toBe(4);
  });

  it('gives a long computation half of the time, however much short work there is', async () => {
    task('training', 4, { long: true });
    let ended = false;
    const stream = (async () => {
      for (let no = 0; !ended; no++) {
        const one = task(`short${no}`, 4);
        await one.place;
        await new Promise((resolve) => setTimeout(resolve, 2000));
        await Promise.all([one.leave(), vi.advanceTimersByTimeAsync(0)]);
      }
    })();
    let training = 0;
    for (let second = 0; second < 600; second++) {
      await seconds(1);
      if (computing.has('training')) training++;
    }
    ended = true;
    await seconds(60);
    await stream;
    expect(training).toBeGreaterThan(240);
    expect(training).toBeLessThan(420);
    expect(most).toBe(4);
  });

  it('shares them between two long computations, a turn each', async () => {
    task('one', 4, { long: true });
    await seconds(10);
    task('two', 4, { long: true, whose: 'b' });
    const times = { one: 0, two: 0 };
    for (let second = 0; second < 600; second++) {
      await seconds(1);
      for (const name of now() as ('one' | 'two')[]) times[name]++;
    }
    expect(times.one).toBeGreaterThan(200);
    expect(times.two).toBeGreaterThan(200);
    expect(most).toBe(4);
  });

  it('takes one that wants more than there are for all of them', async () => {
    task('member', 8, { long: true });
    await seconds(1);
    expect(now()).toEqual(['member']);
    expect(ledger.reserved.threads).toBe(4);
  });
});

describe('memory', () => {
  it('is reserved before anything starts, and what does not fit waits', async () => {
    const big = task('big', 1, { memoryBytes: 900 });
    task('too much', 1, { memoryBytes: 200 });
    task('fits', 1, { memoryBytes: 100 });
    await seconds(1);
    expect(now()).toEqual(['big', 'fits']);
    expect(ledger.reserved).toMatchObject({ memoryBytes: 1000, waiting: 1 });
    await big.leave();
    expect(now()).toEqual(['fits', 'too much']);
  });

  it('starts what waits once others on the machine have given theirs back', async () => {
    memory = 100;
    task('small', 1, { memoryBytes: 100 });
    task('next', 1, { memoryBytes: 300 });
    await seconds(5);
    expect(now()).toEqual(['small']);
    expect(ledger.shortOfMemory).toBe(false);
    await seconds(TURN);
    expect(ledger.shortOfMemory).toBe(true);
    memory = 400;
    await seconds(2);
    expect(now()).toEqual(['next', 'small']);
  });

  it('lets one try that is alone', async () => {
    task('huge', 1, { memoryBytes: 5000 });
    await seconds(1);
    expect(now()).toEqual(['huge']);
  });
});

it('lets workspaces take turns', async () => {
  const first = task('first', 4);
  const many = Array.from({ length: 10 }, (_, no) => task(`many${no}`, 4, { whose: 'many' }));
  await seconds(1);
  const few = task('few', 4, { whose: 'few' });
  await first.leave();
  expect(now()).toEqual(['many0']);
  await many[0]!.leave();
  expect(now()).toEqual(['few']);
  await few.leave();
  expect(now()).toEqual(['many1']);
});

it('forgets who waits no longer', async () => {
  task('training', 4, { long: true });
  await seconds(1);
  const stop = new AbortController();
  const gone = task('gone', 4, { signal: stop.signal });
  const refused = expect(gone.place).rejects.toThrow('cancelled');
  stop.abort(new Error('cancelled'));
  await refused;
  await seconds(3);
  expect(now()).toEqual(['training']);
  expect(ledger.reserved).toMatchObject({ waiting: 0, paused: 0, threads: 4 });
});
