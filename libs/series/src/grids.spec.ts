/** Every kind of grid, in any zone, from any start: what a code means, and that its times tell it. */
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { Frequency } from './frequency.js';
import { zoneOf } from './zone.js';
import { canMean, checkFrequency, counted, findRhythm, inferFrequency, readFrequency } from './infer.js';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Pacific/Apia',
];
const FIXED = [
  'h',
  '2h',
  '6h+3h',
  '12h+5h30min',
  'h+30min',
  '15min',
  '15min+7min',
  '30min+15min',
  '5min',
  '90min',
  '5h',
  '7min',
  '36h+2h',
  '10s',
  '30s+10s',
  '1s',
  '250ms',
  '100ms',
  '40ms+12ms',
];
const MASKED_FIXED = ['h-MON-FRI', '6h-MON-SAT', '15min-SUN-THU', 'h-MON,WED,FRI'];
const DAYS = [
  'D',
  'B',
  'D-MON-SAT',
  'D-SUN-THU',
  'D-MON,WED,FRI',
  'D-MON,THU',
  'D+7h',
  'B+16h30min',
  '2D-1970-01-02',
  '10D-1970-01-04',
  '5D-1970-01-01',
  '45D-1970-02-01',
];
const WEEKS = ['W-MON', 'W-SUN', 'W-WED+9h', '2W-MON', '2W-THU-1970-01-08', '4W-MON', '4W-MON-1970-01-12', '6W-FRI-1970-01-30'];
const MONTHS = [
  ...[
    'MS',
    'ME',
    'BMS',
    'BME',
    'MS-15',
    'MS-30',
    'MS-29',
    'MS-25+8h',
    'WOM-3FRI',
    'LWOM-FRI',
    'WOM-1MON',
    '2MS',
    '2MS-FEB',
    '2ME-JAN',
    '4MS-MAR',
  ],
  ...['QS', 'QS-FEB', 'QS-MAR', 'QE', 'QE-JAN', 'QE-FEB', 'BQE', 'QS-MAR-15', 'QS-MAR-3WED', '2QS', '2QS-APR', '2QS-MAR', '2QE', '2QE-JAN'],
  ...['YS', 'YS-APR', 'YE', 'YE-JUN', 'BYE', 'YS-JUL-15', '2YS-JAN-1970', '2YS-JAN-1971', '4YS-NOV-1972'],
];
/** Open hours too; with a width that no open hour starts with, and over midnight. */
const OPEN_HOURS = ['h@9-18', '30min-MON-SAT@8:30-20', '2h@9-18', 'h@22-6', '15min-SUN-THU@7-24'];
const ALL = [...FIXED, ...MASKED_FIXED, ...OPEN_HOURS, ...DAYS, ...WEEKS, ...MONTHS];
const zones = fc.constantFrom(...ZONES);
/** Samoa left out 30 December 2011, a Friday: here it ends, and the 31st begins. */
const APIA_SKIPPED = Date.parse('2011-12-31T00:00+14:00');

/** Steps that a property may start from: any year since 1975 or so. */
const firstOf = (frequency: Frequency, day: number): number => frequency.floorStep(Date.UTC(1975, 0, 1) + day * 86_400_000);
const starts = fc.integer({ min: 0, max: 18_000 });

describe('a grid of any kind', () => {
  it('is written the way it is read', () => {
    for (const code of ALL) expect(Frequency.parse(code).code).toBe(code);
  });

  it('holds every instant in exactly one step, and its start is on the grid', () => {
    const instants = fc.integer({ min: Date.UTC(1960, 0, 1), max: Date.UTC(2040, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...ALL), zones, instants, (code, zone, time) => {
        const frequency = Frequency.parse(code, zone);
        const step = frequency.floorStep(time);
        expect(frequency.timeOf(step)).toBeLessThanOrEqual(time);
        expect(frequency.timeOf(step + 1)).toBeGreaterThan(time);
        expect(frequency.isOnGrid(time)).toBe(frequency.timeOf(step) === time);
        // A day that a zone skipped has no time of its own.
        if (frequency.timeOf(step - 1) < frequency.timeOf(step)) expect(frequency.stepOf(frequency.timeOf(step))).toBe(step);
      }),
      { numRuns: 600 * inject('fuzz') },
    );
  });

  it('has its steps on open days only, and on all of them', () => {
    const named = (zone: string, time: number): string =>
      new Intl.DateTimeFormat('en', { timeZone: zone, weekday: 'short' }).format(time).toUpperCase();
    fc.assert(
      fc.property(
        fc.constantFrom('B', 'D-MON-SAT', 'D-SUN-THU', 'D-MON,THU', 'h-MON-FRI', '6h-MON-SAT'),
        zones,
        starts,
        (code, zone, start) => {
          const frequency = Frequency.parse(code, zone);
          const open = {
            B: 'MON TUE WED THU FRI',
            'D-MON-SAT': 'MON TUE WED THU FRI SAT',
            'D-SUN-THU': 'SUN MON TUE WED THU',
            'D-MON,THU': 'MON THU',
            'h-MON-FRI': 'MON TUE WED THU FRI',
            '6h-MON-SAT': 'MON TUE WED THU FRI SAT',
          }[code]!;
          const first = firstOf(frequency, start);
          // A day that a zone skipped has no time of its own: its step begins with the day after.
          const steps = Array.from({ length: 200 }, (_, i) => frequency.timeOf(first + i)).filter((time) => time !== APIA_SKIPPED);
          const seen = steps.map((time) => named(zone, time));
          expect(new Set(seen)).toEqual(new Set(open.split(' ')));
        },
      ),
      { numRuns: 100 * inject('fuzz') },
    );
  });

  it('advances in elapsed time over clock changes where it is finer than a day', () => {
    const frequency = Frequency.parse('6h+2h', 'Europe/Berlin');
    const first = frequency.floorStep(Date.parse('2024-03-30T12:00Z'));
    const times = [0, 1, 2, 3, 4, 5].map((i) => frequency.format(first + i));
    expect(times).toEqual([
      '2024-03-30T08:00:00Z',
      '2024-03-30T14:00:00Z',
      '2024-03-30T20:00:00Z',
      '2024-03-31T02:00:00Z',
      '2024-03-31T08:00:00Z',
      '2024-03-31T14:00:00Z',
    ]);
  });

  it('keeps the clock of the zone where it is a day or longer', () => {
    const frequency = Frequency.parse('D+7h', 'Europe/Berlin');
    const first = frequency.stepOf(Date.parse('2024-03-30T07:00+01:00'));
    expect([frequency.format(first), frequency.format(first + 1)]).toEqual(['2024-03-30T06:00:00Z', '2024-03-31T05:00:00Z']);
    expect(frequency.calendar(first + 1)).toMatchObject({ hourOfDay: 7, dayOfMonth: 31 });
  });

  it.each([
    ['QS-MAR', '2024-04-10', '2024-03-01', '2024-06-01'],
    ['QE-FEB', '2024-04-10', '2024-02-29', '2024-05-31'],
    ['YS-APR', '2024-03-31', '2023-04-01', '2024-04-01'],
    ['YE-JUN', '2024-06-30', '2024-06-30', '2025-06-30'],
    ['2QS', '2024-08-01', '2024-07-01', '2025-01-01'],
    ['BME', '2024-03-30', '2024-03-29', '2024-04-30'],
    ['BMS', '2024-06-02', '2024-05-01', '2024-06-03'],
    ['WOM-3FRI', '2024-05-20', '2024-05-17', '2024-06-21'],
    ['MS-30', '2024-03-01', '2024-02-29', '2024-03-30'],
    ['4W-MON-1970-01-12', '2024-01-05', '2024-01-01', '2024-01-29'],
    ['4W-MON', '2024-01-05', '2023-12-18', '2024-01-15'],
    ['10D-1970-01-04', '2024-01-05', '2024-01-01', '2024-01-11'],
    ['B', '2024-03-30', '2024-03-29', '2024-04-01'],
  ])('%s: %s belongs to %s, before %s', (code, day, from, next) => {
    const frequency = Frequency.parse(code, 'America/New_York');
    const step = frequency.floorStep(Date.parse(`${day}T17:00Z`));
    expect([frequency.format(step), frequency.format(step + 1)]).toEqual([from, next]);
  });

  it.each([
    ['QS-DEC', 'QS-MAR'],
    ['QE-DEC', 'QE'],
    ['QE-NOV', 'QE-FEB'],
    ['YE-DEC', 'YE'],
    ['AS', 'YS'],
    ['AE-JUN', 'YE-JUN'],
    ['6MS', '2QS'],
    ['12MS', 'YS'],
    ['14D-1970-01-05', '2W-MON-1970-01-05'],
    ['7D', 'W-THU'],
    ['D-MON', 'W-MON'],
    ['D-MON-FRI', 'B'],
    ['D-MON,TUE,WED,THU,FRI,SAT', 'D-MON-SAT'],
    ['D-MON-SUN', 'D'],
    ['T', '1min'],
    ['15T', '15min'],
    ['S', '1s'],
    ['1000ms', '1s'],
    ['60s', '1min'],
    ['90min', '90min'],
    ['h+90min', 'h+30min'],
    ['MS-1', 'MS'],
    ['MS-31', 'ME'],
    ['MS-3FRI', 'WOM-3FRI'],
    ['4W-2020-01-06', '4W-MON-1970-01-12'],
    ['12D-2020-01-06', '12D-1970-01-04'],
  ])('reads %s as %s', (given, code) => {
    expect(Frequency.parse(given).code).toBe(code);
  });

  it.each([
    ['B', [5]],
    ['D-MON-SAT', [6]],
    ['D-MON,THU', [2]],
    ['2W-MON', [26]],
    ['4W-MON', [13]],
    ['QS-MAR', [4]],
    ['2QS', [2]],
    ['2MS', [6]],
    ['YS-APR', []],
    ['h+30min', [24, 168]],
    ['6h+3h', [4, 28]],
    ['h-MON-FRI', [24, 120]],
    ['h@9-18', [9, 63]],
    ['30min-MON-SAT@8:30-20', [23, 138]],
    ['h@22-6', [8, 56]],
    ['1s', [3600]],
    ['10s', [360, 8640]],
    ['100ms', []],
    ['BME', [12]],
    ['10D', []],
    ['5D', [73]],
    ['2D', [7]],
  ])('%s has seasons of %j steps', (code, seasons) => {
    expect(Frequency.parse(code).seasonLengths()).toEqual(seasons);
  });

  it('has a year too where there are two years of days', () => {
    const daily = Frequency.parse('D');
    expect([daily.seasonLengths(729), daily.seasonLengths(730)]).toEqual([[7], [7, 365]]);
  });

  it.each([
    '2B',
    'MS-MAR',
    '5MS',
    'D-FOO',
    'h@9',
    'h@9-25',
    'h@9-9',
    'D@9-18',
    '10D-2024-02-30',
    '2W-MON-2024-01-02',
    'QS-MAR-32',
    'BMS-15',
    'ME-15',
    'h+',
    '2YS-JAN-',
    '1+7h',
    'W-MON closed x:a',
    'D closed x:zz..a',
  ])('refuses %s', (code) => {
    expect(() => Frequency.parse(code)).toThrow(expect.objectContaining({ code: 'FREQUENCY_UNKNOWN' }));
  });
});

describe('open hours', () => {
  it('are by the clock of the zone, also where it changes', () => {
    const shop = Frequency.parse('h-MON-SAT@9-18', 'Europe/Berlin');
    // The clocks went forward on Sunday 2024-03-31.
    const last = shop.stepOf(Date.parse('2024-03-30T17:00+01:00'));
    expect(shop.timeOf(last + 1)).toBe(Date.parse('2024-04-01T09:00+02:00'));
    expect(() => shop.stepOf(Date.parse('2024-04-01T18:00+02:00'))).toThrow(expect.objectContaining({ code: 'CLOSED_DAY' }));
    expect(shop.floorStep(Date.parse('2024-04-01T18:00+02:00'))).toBe(shop.stepOf(Date.parse('2024-04-01T17:00+02:00')));
  });

  it.each(['h@9-18', '30min-MON-SAT@8:30-20:30', 'h@22-6'])('are found: %s, and not where a step lies outside', (code) => {
    const zone = 'America/New_York';
    const grid = Frequency.parse(code, zone);
    const first = grid.floorStep(Date.UTC(2024, 1, 20));
    const times = Array.from({ length: 800 }, (_, i) => grid.timeOf(first + i));
    expect(inferFrequency(times, zone).code).toBe(code);
    expect(inferFrequency([...times, grid.timeOf(first) + 11 * 3_600_000], zone).code).not.toBe(code);
    expect(inferFrequency(times.slice(0, 60), zone).code).not.toContain('@');
  });
});

describe('a closure calendar', () => {
  const day = (iso: string): number => Date.parse(`${iso}T00:00Z`) / 86_400_000;
  const closed = Frequency.parse('D-MON-SAT', 'Europe/Berlin').closedOn(
    'DE',
    ['2023-12-25', '2023-12-26', '2024-01-01', '2023-12-24'].map(day),
  );

  it('takes its days off the grid', () => {
    const first = closed.stepOf(Date.parse('2023-12-23T00:00+01:00'));
    expect([0, 1, 2, 3, 4, 5].map((i) => closed.format(first + i))).toEqual([
      '2023-12-23',
      '2023-12-27',
      '2023-12-28',
      '2023-12-29',
      '2023-12-30',
      '2024-01-02',
    ]);
    expect(closed.closures?.days).toHaveLength(3);
    expect(() => closed.stepOf(Date.parse('2023-12-25T00:00+01:00'))).toThrow(expect.objectContaining({ code: 'CLOSED_DAY' }));
  });

  it('is part of the code, and of no other', () => {
    expect(closed.label).toBe('D-MON-SAT closed DE');
    const again = Frequency.parse(closed.code, 'Europe/Berlin');
    expect(again.closures).toEqual(closed.closures);
    expect(again.unclosed.code).toBe('D-MON-SAT');
    expect(canMean('D-MON-SAT closed DE', closed)).toBe(true);
  });

  it('is for days and parts of days', () => {
    expect(() => Frequency.parse('W-MON').closedOn('x', [1])).toThrow(expect.objectContaining({ code: 'CLOSURES_WITHOUT_DAYS' }));
  });

  it('holds for any days, any zone, any grid', () => {
    const days = fc.array(fc.integer({ min: -2000, max: 20_000 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(
        fc.constantFrom('D', 'B', 'D-SUN-THU', 'h', '6h+3h', 'h-MON-FRI', 'D+7h'),
        zones,
        days,
        fc.integer({ min: -3000, max: 21_000 }),
        (code, zone, list, at) => {
          const base = Frequency.parse(code, zone);
          const grid = base.closedOn('x', list);
          const time = base.timeOf(base.floorStep(at * 86_400_000 + 43_200_000));
          const step = grid.floorStep(time);
          expect(grid.isOnGrid(time)).toBe(!grid.isClosed(time));
          expect(grid.timeOf(step + 1)).toBeGreaterThan(time);
          expect(grid.floorStep(grid.timeOf(step + 1))).toBe(step + 1);
          // Every step of it is one of the grid without closures.
          expect(base.isOnGrid(grid.timeOf(step))).toBe(true);
        },
      ),
      { numRuns: 100 * inject('fuzz') },
    );
  });
});

describe('inference', () => {
  const share = fc.double({ min: 0, max: 0.05, noNaN: true });

  it(
    'returns the grid that made the times, with some of them missing and a few off it',
    () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...ALL),
          zones,
          starts,
          share,
          fc.integer({ min: 0, max: 2 }),
          fc.integer({ min: 1, max: 1 << 30 }),
          (code, zone, start, missing, percent, seed) => {
            const frequency = Frequency.parse(code, zone);
            const length = code.includes('-') && frequency.kind === 'fixed' ? 1500 : 150;
            const first = firstOf(frequency, code.includes('YS') || code.includes('YE') ? start % 3000 : start);
            const random = generator(seed);
            const times: number[] = [];
            let off = 0;
            for (let i = 0; i < length; i += 1) {
              if (i > 0 && i < length - 1 && random() < missing) continue;
              const time = frequency.timeOf(first + i);
              const slips = i > 0 && i < length - 1 && off < (percent / 100) * length && random() < 0.05;
              if (slips) off += 1;
              times.push(slips ? moved(frequency, time, random) : time);
            }
            const found = findRhythm(counted(times), zone);
            // Where the clocks change by a part of a step, no opening hour holds all year; what is found then is the grid without hours.
            // (Lord Howe's by half an hour twice a year, Kathmandu's by a quarter in 1986, any by an hour of two.)
            const part = (time: number): number => zoneOf(zone).offsetAt(time) % frequency.width.widthMs;
            const whole = code.includes('@') && new Set(times.map(part)).size > 1 && found.frequency.code === code.split('@')[0];
            expect([whole || sameGrid(found.frequency, frequency, first), found.frequency.code]).toEqual([true, found.frequency.code]);
            expect(found.off).toBe(times.filter((time) => !frequency.isOnGrid(time)).length);
          },
        ),
        { numRuns: 600 * inject('fuzz') },
      );
    },
    120_000 * inject('fuzz'),
  );

  it('sees two years of business days, and all days where they are there', () => {
    const daily = Frequency.parse('D');
    const days = Array.from({ length: 13 }, (_, i) => daily.timeOf(19_723 + i));
    expect(inferFrequency(days).code).toBe('D');
    const business = Frequency.parse('B');
    expect(inferFrequency(Array.from({ length: 520 }, (_, i) => business.timeOf(13_570 + i))).code).toBe('B');
  });

  it('is not led astray by a row in 2608 or ten years off', () => {
    const weekly = Frequency.parse('W-MON');
    const times = Array.from({ length: 104 }, (_, i) => weekly.timeOf(2700 + i));
    for (const slip of [Date.UTC(2608, 0, 5), Date.UTC(2012, 0, 3), Date.UTC(2024, 0, 2)]) {
      expect(findRhythm(counted([...times, slip]))).toMatchObject({ frequency: { code: 'W-MON' }, off: 1 });
    }
  });

  it('names an aggregation for events', () => {
    const times = Array.from({ length: 50 }, (_, i) => i * 60_000 + ((i * 7919) % 23_000));
    expect(() => inferFrequency(times)).toThrow(
      expect.objectContaining({ code: 'FREQUENCY_NOT_INFERRED', hint: expect.stringContaining('1min') }),
    );
  });
});

describe('a code that leaves something open', () => {
  const steps = (code: string, zone = 'UTC'): ReturnType<typeof counted> => {
    const frequency = Frequency.parse(code, zone);
    const first = frequency.floorStep(Date.UTC(2024, 0, 1));
    return counted(Array.from({ length: 30 }, (_, i) => frequency.timeOf(first + i)));
  };

  it.each([
    ['M', 'ME', 'ME'],
    ['M', 'MS', 'MS'],
    ['Q', 'QE-FEB', 'QE-FEB'],
    ['Q-MAR', 'QS-MAR', 'QS-MAR'],
    ['A', 'YE', 'YE'],
    ['A-JUN', 'YE-JUN', 'YE-JUN'],
    ['Y', 'YS-APR', 'YS-APR'],
    ['BM', 'BME', 'BME'],
    ['4W-MON', '4W-MON-1970-01-19', '4W-MON-1970-01-19'],
    ['4W-MON', '4W-MON', '4W-MON'],
    ['10D', '10D-1970-01-04', '10D-1970-01-04'],
    ['28D', '4W-MON-1970-01-12', '4W-MON-1970-01-12'],
    ['7D', 'W-MON', 'W-MON'],
    ['6h', '6h+3h', '6h+3h'],
    ['D', 'D+7h', 'D+7h'],
    ['QS', 'QS-MAR', 'QS-MAR'],
    ['W-MON', 'W-MON', 'W-MON'],
    ['h', 'h', 'h'],
    ['15min', '15min+7min', '15min+7min'],
    ['B', 'B+16h', 'B+16h'],
  ])('%s of times on %s means %s', (code, made, meant) => {
    expect(readFrequency(code, steps(made)).code).toBe(meant);
    expect(canMean(code, Frequency.parse(meant))).toBe(true);
    checkFrequency(code);
  });

  it('means the local hours in a zone off the hour', () => {
    const times = counted([0, 1, 2, 3].map((hour) => Date.parse(`2024-05-01T0${hour}:00+05:30`)));
    const hourly = readFrequency('h', times, 'Asia/Kolkata');
    expect(hourly.code).toBe('h+30min');
    expect(hourly.calendar(hourly.stepOf(times[2]![0]))).toMatchObject({ hourOfDay: 2, minuteOfHour: 0 });
  });

  it('means what it always meant for events, which are to be gathered, save in a zone off the hour', () => {
    const events = counted(Array.from({ length: 500 }, (_, i) => Date.UTC(2024, 0, 1, 7) + i * 7_654_321));
    for (const code of ['D', 'B', 'h', '6h', 'W-MON', 'MS', 'QS'])
      expect(readFrequency(code, events, 'Europe/Berlin', 'events').code).toBe(code);
    expect(readFrequency('h', events, 'Asia/Kolkata', 'events').code).toBe('h+30min');
    expect(readFrequency('6h', events, 'Asia/Kathmandu', 'events').code).toBe('6h+15min');
    // Periods of several days or weeks begin with the first event, unless they show where they begin.
    expect(readFrequency('10D', events, 'UTC', 'events').code).toBe('10D-1970-01-04');
    expect(readFrequency('4W-MON', events, 'UTC', 'events').code).toBe('4W-MON-1970-01-12');
    expect(readFrequency('28D', events, 'UTC', 'events').code).toBe('4W-MON-1970-01-12');
    const late = steps('4W-MON-1970-01-19').map(([time, rows], i) => [i % 20 === 3 ? time + 86_400_000 : time, rows] as const);
    expect(readFrequency('4W-MON', late, 'UTC', 'events').code).toBe('4W-MON-1970-01-19');
  });

  it('stays what it is where an anchor is said', () => {
    expect(readFrequency('QS-MAR', steps('QS')).code).toBe('QS-MAR');
    expect(readFrequency('h+30min', steps('h')).code).toBe('h+30min');
    expect(() => checkFrequency('X')).toThrow(expect.objectContaining({ code: 'FREQUENCY_UNKNOWN' }));
  });
});

/** A slip of a day or so of days and longer, of a part of the width else. */
function moved(frequency: Frequency, time: number, random: () => number): number {
  if (frequency.kind !== 'calendar') return time + Math.max(1, Math.floor(random() * 0.9 * frequency.width.widthMs));
  return time + (1 + Math.floor(random() * 3)) * 86_400_000;
}

/** Codes may differ (24h of UTC is D of it); the times do not. */
function sameGrid(one: Frequency, other: Frequency, first: number): boolean {
  if (one.code === other.code) return true;
  return Array.from({ length: 200 }, (_, i) => other.timeOf(first + i)).every(
    (time, i, times) => one.isOnGrid(time) && (i === 0 || one.floorStep(time) === one.floorStep(times[i - 1]!) + 1),
  );
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}
