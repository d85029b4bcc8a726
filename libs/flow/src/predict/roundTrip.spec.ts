/**
 * Requests in place of files: on every grid, in any zone, from any start, the times of a request are the steps that they were made of, and
 * the times of its forecast, sent again behind them, are the steps after. They come as instants, and as the local clock has them.
 */
import type { PredictionRequest } from '@almanac/contracts';
import { Frequency } from '@almanac/series';
import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import { gridOfTimes, layAllOnGrid } from './inline.js';
import { withReadTimes } from './times.js';

const FINE = ['15min', '15min+7min', 'h', 'h+30min', '6h+3h', '10s', '250ms', 'h-MON-FRI', 'h@9-18', '30min-MON-SAT@8:30-20'];
const COARSE = ['D', 'D+7h', 'B', 'D-MON-SAT', 'D-SUN-THU', '10D-1970-01-04', 'W-MON', 'W-WED', '2W-MON-1970-01-05', '4W-MON-1970-01-12'];
const MONTHS = ['MS', 'ME', 'BME', 'MS-15', 'WOM-3FRI', '2MS', 'QS-MAR', 'QE-FEB', '2QS-APR', 'YS-APR', 'YE-JUN'];
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/Sao_Paulo'];
const DAY = 86_400_000;
const AHEAD = 5;

const made = fc.record({
  code: fc.constantFrom(...FINE, ...COARSE, ...MONTHS),
  timeZone: fc.constantFrom(...ZONES),
  day: fc.integer({ min: 0, max: 12_000 }),
  missing: fc.uniqueArray(fc.integer({ min: 1, max: 38 }), { maxLength: 2 }),
  newestFirst: fc.boolean(),
});

const clocks = new Map<string, Intl.DateTimeFormat>();
function local(time: number, timeZone: string): string {
  const clock = clocks.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  clocks.set(timeZone, clock);
  return `${clock.format(time).replace(' ', 'T')}.${new Date(time).toISOString().slice(20, 23)}`;
}

const requestOf = (ds: readonly string[], timeZone: string, frequency: string): PredictionRequest =>
  ({ series: [{ uniqueId: 'a', ds: [...ds], y: ds.map((_, i) => i) }], timeZone, frequency }) as unknown as PredictionRequest;

/** First step and values, on the grid that the times say where none is named. */
async function laid(request: PredictionRequest): Promise<{ grid: Frequency; firstStep: number; values: (number | null)[] }> {
  const read = await withReadTimes(request, undefined, { now: () => new Date() });
  const series = read.request.series as never as Parameters<typeof layAllOnGrid>[0];
  const grid = gridOfTimes(series, read.request.frequency, read.request.timeZone ?? 'UTC');
  const [one] = layAllOnGrid(series, grid, AHEAD);
  return { grid, firstStep: one!.firstStep, values: one!.values };
}

it('the times of a request come back as the steps that they were, and so do those of its forecast', async () => {
  await fc.assert(
    fc.asyncProperty(made, fc.boolean(), async ({ code, timeZone, day, missing, newestFirst }, byClock) => {
      const own = Frequency.parse(code, timeZone);
      const first = own.floorStep(Date.UTC(1990, 0, 1) + day * DAY) + 1;
      const steps = Array.from({ length: 40 }, (_, i) => i).filter((i) => !missing.includes(i));
      const times = steps.map((i) => own.timeOf(first + i));
      // What a clock shows twice is a matter of the rows around it, which the cases look at.
      const clock = times.map((time) => local(time, timeZone));
      const plain = byClock && new Set(clock).size === clock.length;
      const ds = plain ? clock : times.map((time) => new Date(time).toISOString());
      if (newestFirst) ds.reverse();
      const expected = Array.from({ length: 40 }, (_, i) => {
        const at = steps.indexOf(i);
        return at < 0 ? null : newestFirst ? steps.length - 1 - at : at;
      });
      const said = await laid(requestOf(ds, timeZone, code));
      expect(said).toMatchObject({ firstStep: first, values: expected });
      const ahead = Array.from({ length: AHEAD }, (_, h) => own.format(first + 40 + h));
      const again = await laid(requestOf([...times.map((time) => own.format(own.floorStep(time))), ...ahead], timeZone, code));
      expect(again.firstStep).toBe(first);
      expect(again.values).toHaveLength(40 + AHEAD);
    }),
    { numRuns: 30 * inject('fuzz'), endOnFailure: true },
  );
}, 120_000);
