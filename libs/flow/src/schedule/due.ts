/**
 * When a schedule is due: pure functions of a cron expression, a time zone and the instants they are asked about.
 *
 * Where a clock skips an hour, a daily time that falls into the gap is due right after it; where it repeats one, a daily
 * time is due once, at its first occurrence. Expressions with wildcards count real hours: none in the gap, both of a
 * repeated one. (These are croner's rules for fixed times and intervals.)
 */
import { AlmanacError, Frequency } from '@almanac/series';
import { Cron } from 'croner';

const DAY_MS = 86_400_000;

/** The first due time after an instant; null where there is none for ever. @throws AlmanacError CRON_INVALID, TIME_ZONE_UNKNOWN */
export function nextDue(cron: string, timeZone: string, after: Date): Date | null {
  return parse(cron, timeZone).nextRun(after);
}

/** The next `count` due times after an instant. @throws AlmanacError CRON_INVALID, TIME_ZONE_UNKNOWN */
export function nextDues(cron: string, timeZone: string, after: Date, count: number): Date[] {
  return parse(cron, timeZone).nextRuns(count, after);
}

/** Due times from `first` (a due time itself) up to and including `until`, oldest first; only the last `keep` of them. */
export function missedDues(cron: string, timeZone: string, first: Date, until: Date, keep = 100): Date[] {
  const justAfter = new Date(until.getTime() + 1000);
  return parse(cron, timeZone)
    .previousRuns(keep, justAfter)
    .filter((due) => due >= first && due <= until)
    .reverse();
}

/**
 * How many due times lie from `first` (a due time itself) to before `until`, and the last of them. Days of 24 hours are alike, so
 * of those only one is walked through: a schedule of every minute may have been down for a year.
 */
export function countDues(cron: string, timeZone: string, first: Date, until: Date): { dueTimes: number; last: Date } {
  const schedule = parse(cron, timeZone);
  const days = Frequency.parse('D', timeZone);
  let [dueTimes, last] = [0, first];
  let plain: { dueTimes: number; last: number } | undefined;
  for (let due: Date | null = first; due !== null && due < until;) {
    const day = days.floorStep(due.getTime());
    const [start, end] = [days.timeOf(day), days.timeOf(day + 1)];
    // The first day may have begun before its first due time that counts.
    const whole = end - start === DAY_MS && end <= until.getTime() && due !== first;
    if (whole && plain) {
      dueTimes += plain.dueTimes;
      last = new Date(start + plain.last);
      due = schedule.nextRun(new Date(end - 1));
      continue;
    }
    const before = dueTimes;
    for (; due !== null && due < until && due.getTime() < end; due = schedule.nextRun(due)) {
      dueTimes++;
      last = due;
    }
    if (whole) plain = { dueTimes: dueTimes - before, last: last.getTime() - start };
  }
  return { dueTimes, last };
}

function parse(cron: string, timeZone: string): Cron {
  Frequency.parse('D', timeZone);
  try {
    return new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true });
  } catch (cause) {
    throw new AlmanacError('CRON_INVALID', `"${cron}" is no cron expression: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'Write five fields: minute hour day month weekday, e.g. "0 6 * * *" for six every morning.',
      subject: { cron },
      cause,
    });
  }
}
