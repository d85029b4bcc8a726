/** The next due times of all schedules, day by day, each in its schedule's zone. */
import type { Schedule } from '@almanac/contracts';

export function Calendar({ schedules }: { schedules: Schedule[] }) {
  const entries = schedules
    .filter((schedule) => !schedule.paused)
    .flatMap((schedule) =>
      schedule.nextDueAt.map((due) => ({
        at: due,
        name: schedule.name,
        day: new Intl.DateTimeFormat('en-GB', { timeZone: schedule.timeZone, weekday: 'long', day: 'numeric', month: 'long' }).format(
          new Date(due),
        ),
        hour: new Intl.DateTimeFormat('en-GB', {
          timeZone: schedule.timeZone,
          hour: '2-digit',
          minute: '2-digit',
          timeZoneName: 'short',
        }).format(new Date(due)),
      })),
    )
    .sort((a, b) => a.at.localeCompare(b.at));
  const days = Map.groupBy(entries, (entry) => entry.day);
  if (entries.length === 0) return null;
  return (
    <section className="card">
      <h2>Coming up</h2>
      <div className="calendar">
        {[...days].slice(0, 7).map(([day, list]) => (
          <div key={day}>
            <h3>{day}</h3>
            {list.map((entry) => (
              <div key={`${entry.name} ${entry.at}`} className="row small">
                <span className="muted">{entry.hour}</span> {entry.name}
              </div>
            ))}
          </div>
        ))}
      </div>
    </section>
  );
}
