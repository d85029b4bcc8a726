/** A month of what is due, each time in its schedule's zone. The month is in the address. */
import type { Schedule } from '@almanac/contracts';
import { useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { monthAfter, monthOf } from './month';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
/** Lines of a day; the others are counted. */
const LINES = 3;

const long = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'long', year: 'numeric' });
const dayOf = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', weekday: 'long', day: 'numeric', month: 'long' });

/** A month to come, or this one. */
const monthAsked = (asked: string | null, current: string): string =>
  asked !== null && /^\d{4}-(0[1-9]|1[0-2])$/.test(asked) && asked > current ? asked : current;

export function Calendar({ schedules }: { schedules: Schedule[] }) {
  const [address, setAddress] = useSearchParams();
  const [now] = useState(() => new Date());
  const today = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  const month = monthAsked(address.get('month'), today.slice(0, 7));
  const go = (to: string): void =>
    setAddress(
      (before) => {
        if (to === today.slice(0, 7)) before.delete('month');
        else before.set('month', to);
        return before;
      },
      { replace: true },
    );
  return (
    <section className="card">
      <div className="row spread card-head">
        <h2>{long.format(new Date(`${month}-01`))}</h2>
        <div className="row" style={{ gap: 6 }}>
          <button
            type="button"
            className="compact"
            aria-label="Month before"
            disabled={month <= today.slice(0, 7)}
            onClick={() => go(monthAfter(month, -1))}
          >
            ←
          </button>
          <button type="button" className="compact" onClick={() => go(today.slice(0, 7))}>
            Today
          </button>
          <button type="button" className="compact" aria-label="Month after" onClick={() => go(monthAfter(month, 1))}>
            →
          </button>
        </div>
      </div>
      <Days month={month} today={today} now={now} schedules={schedules} />
      <p className="small muted" style={{ marginTop: 8 }}>
        Each time is in the zone of its schedule; ×4 is due four times that day, first at the time shown.
      </p>
    </section>
  );
}

function Days({ month, today, now, schedules }: { month: string; today: string; now: Date; schedules: Schedule[] }) {
  const days = useMemo(() => monthOf(month, schedules, now), [month, schedules, now]);
  // Weeks that are over have nothing due any more.
  const weeks = Array.from({ length: days.length / 7 }, (_, week) => days.slice(7 * week, 7 * week + 7)).filter(
    (week) => (week.at(-1)?.date ?? '') >= today,
  );
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Calendar">
      <table className="calendar">
        <thead>
          <tr>
            {WEEKDAYS.map((day) => (
              <th key={day} scope="col">
                <abbr title={day}>{day.slice(0, 3)}</abbr>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]?.date}>
              {week.map((day) => (
                <td key={day.date} data-outside={!day.inMonth} data-today={day.date === today || undefined}>
                  <div className="date">{Number(day.date.slice(8))}</div>
                  {day.due.slice(0, LINES).map(({ name, times }) => (
                    <div key={name} className="due" title={`${dayOf.format(new Date(day.date))}, ${name}: ${times.join(', ')}`}>
                      <b>{times[0]}</b>
                      {times.length > 1 && <span className="muted"> ×{times.length}</span>} {name}
                    </div>
                  ))}
                  {day.due.length > LINES && <div className="small muted">and {day.due.length - LINES} more</div>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
