/** The days of a month and what is due on each, in the zone of each schedule. */
import type { Schedule } from '@almanac/contracts';
import { Cron } from 'croner';

export interface Due {
  name: string;
  /** Local times of that day, in order. */
  times: string[];
}

export interface Day {
  /** 2026-03-29 */
  date: string;
  inMonth: boolean;
  due: Due[];
}

type Timed = Pick<Schedule, 'name' | 'cron' | 'timeZone' | 'paused'>;

const DAY_MS = 86_400_000;
/** Every minute of six weeks: more is not drawn. */
const MOST = 6 * 7 * 1440;

/** Whole weeks from Monday on. */
export function weeksOf(month: string): string[] {
  const [year = 0, no = 1] = month.split('-').map(Number);
  const first = Date.UTC(year, no - 1, 1);
  const last = Date.UTC(year, no, 0);
  const start = first - ((new Date(first).getUTCDay() + 6) % 7) * DAY_MS;
  const weeks = Math.ceil((last - start + DAY_MS) / (7 * DAY_MS));
  return Array.from({ length: 7 * weeks }, (_, index) => new Date(start + index * DAY_MS).toISOString().slice(0, 10));
}

/** @param now nothing before it is due any more */
export function monthOf(month: string, schedules: readonly Timed[], now: Date): Day[] {
  const dates = weeksOf(month);
  const days = new Map(dates.map((date): [string, Day] => [date, { date, inMonth: date.startsWith(month), due: [] }]));
  // A day more at either side: zones differ by as much.
  const from = new Date(Math.max(now.getTime(), Date.parse(dates[0] ?? '') - DAY_MS));
  const to = new Date(Date.parse(dates.at(-1) ?? '') + 2 * DAY_MS);
  for (const { name, cron, timeZone, paused } of schedules) {
    if (paused) continue;
    const local = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
    const rule = new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true });
    let at: Date | null = from;
    for (let count = 0; count < MOST; count++) {
      at = rule.nextRun(at);
      if (at === null || at > to) break;
      const [date = '', time = ''] = local.format(at).split(' ');
      const day = days.get(date);
      if (!day) continue;
      const due = day.due.find((one) => one.name === name);
      if (due) due.times.push(time);
      else day.due.push({ name, times: [time] });
    }
  }
  for (const day of days.values()) day.due.sort((a, b) => (a.times[0] ?? '').localeCompare(b.times[0] ?? ''));
  return [...days.values()];
}

/** 2026-12 after 2026-11. */
export function monthAfter(month: string, by: number): string {
  const [year = 0, no = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, no - 1 + by, 1)).toISOString().slice(0, 7);
}
