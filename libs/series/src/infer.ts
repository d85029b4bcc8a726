/**
 * Which grid do timestamps lie on? The rule, in one sentence: the coarsest known grid on which every timestamp falls.
 * Tried from coarse to fine: YS, YE, QS, QE, MS, ME, the seven weeks, D (in the zone), then hours that divide a day, then minutes
 * that divide an hour (in UTC). Gaps do not matter, an outlier does: nothing is rounded, nothing is outvoted.
 */
import { AlmanacError } from './errors.js';
import { Frequency } from './frequency.js';
import { HOUR_MS, MINUTE_MS, WEEKDAYS } from './grid.js';
import { DAY_MS } from './zone.js';

const CALENDAR_CODES = ['YS', 'YE', 'QS', 'QE', 'MS', 'ME', ...WEEKDAYS.map((day) => `W-${day}`), 'D'];
const FIXED_WIDTHS = [12, 8, 6, 4, 3, 2, 1]
  .map((hours) => hours * HOUR_MS)
  .concat([30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1].map((minutes) => minutes * MINUTE_MS));

/**
 * @param epochMs timestamps in any order; duplicates are fine
 * @param timeZone zone in which days start
 * @throws AlmanacError FREQUENCY_NOT_INFERRED for fewer than two distinct timestamps, or none of the known grids
 */
export function inferFrequency(epochMs: Iterable<number>, timeZone = 'UTC'): Frequency {
  const times = [...new Set(epochMs)];
  if (times.length < 2) throw notInferred('at least two distinct timestamps are needed', timeZone);
  // A calendar step starts at a midnight of the zone, so whatever is not daily is not coarser either.
  const daily = Frequency.parse('D', timeZone);
  if (times.every((time) => daily.isOnGrid(time))) {
    for (const code of CALENDAR_CODES) {
      const frequency = Frequency.parse(code, timeZone);
      if (times.every((time) => frequency.isOnGrid(time))) return frequency;
    }
  }
  if (times.every((time) => time % DAY_MS === 0)) throw notInferred(`they are midnights of UTC but not of ${timeZone}`, timeZone);
  const width = FIXED_WIDTHS.find((candidate) => times.every((time) => time % candidate === 0));
  if (width === undefined) throw notInferred('they do not fall on whole minutes', timeZone);
  return Frequency.parse(`${width / MINUTE_MS}min`, timeZone);
}

function notInferred(why: string, timeZone: string): AlmanacError {
  return new AlmanacError('FREQUENCY_NOT_INFERRED', `No frequency fits the timestamps: ${why}.`, {
    hint: 'Name the frequency and the time zone; for events finer than the grid name an aggregation too.',
    subject: { timeZone },
  });
}
