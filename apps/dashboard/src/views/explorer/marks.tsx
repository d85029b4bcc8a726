/** Holidays and changepoints of the chart: which are shown, and what they say. */
import type { Dataset, StepTime } from '@almanac/contracts';
import { useMemo, useState } from 'react';
import { axisPlace, isSubDaily, shortTime, value } from '../../app/format';
import { useCall } from '../../app/queries';
import type { Marks } from '../../chart/marks';

/** Where a step is longer than a day, a holiday is inside every one of them. */
const hasDays = (frequency: string): boolean => isSubDaily(frequency) || /^(\d*D|B)\b/.test(frequency);

export interface MarkChoice {
  marks: Marks;
  controls: React.ReactNode;
  changes: readonly { ds: StepTime; before: number | null; after: number | null }[];
}

/** The choice of country is remembered for each dataset: `none`, or two letters; the country of the zone before one is made. */
export function useMarks(dataset: Dataset, uniqueId: string): MarkChoice {
  const storage = `almanac.holidays.${dataset.name}`;
  const [chosen, setChosen] = useState(() => localStorage.getItem(storage));
  const [withChanges, setWithChanges] = useState(true);
  const days = hasDays(dataset.frequency);
  const country = chosen === null || chosen === 'none' ? undefined : chosen;
  const holidays = useCall(
    'listHolidays',
    { params: { dataset: dataset.name }, query: { ...(country ? { country } : {}) } },
    { enabled: days, keepPrevious: true },
  );
  const changepoints = useCall('getChangepoints', { params: { dataset: dataset.name, uniqueId } });
  const items = changepoints.data?.items;
  const marks = useMemo<Marks>(
    () => ({
      holidays:
        chosen === 'none'
          ? []
          : (holidays.data?.items.map(({ start, end, name }) => ({ from: axisPlace(start), to: axisPlace(end), name })) ?? []),
      changes: withChanges ? (items?.map(({ ds }) => ({ at: axisPlace(ds) })) ?? []) : [],
    }),
    [chosen, holidays.data, items, withChanges],
  );
  const controls = (
    <>
      {days && holidays.data && (
        <label className="row" style={{ gap: 6 }}>
          Holidays
          <select
            className="compact"
            style={{ width: 'auto', maxWidth: 200 }}
            value={chosen ?? holidays.data.country ?? 'none'}
            onChange={(event) => {
              localStorage.setItem(storage, event.target.value);
              setChosen(event.target.value);
            }}
          >
            <option value="none">not shown</option>
            {holidays.data.countries.map(({ code, name }) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {items !== undefined && items.length > 0 && (
        <label className="check">
          <input type="checkbox" checked={withChanges} onChange={(event) => setWithChanges(event.target.checked)} />
          {items.length === 1 ? '1 changepoint' : `${items.length} changepoints`}
        </label>
      )}
    </>
  );
  return { marks, controls, changes: items ?? [] };
}

export function Changes({
  changes,
  dataset,
  onShow,
}: {
  changes: MarkChoice['changes'];
  dataset: Dataset;
  onShow: (ds: StepTime) => void;
}) {
  if (changes.length === 0) return null;
  return (
    <section className="card">
      <h2>What changed</h2>
      <p className="small muted">Where level or trend turned, the season taken out. Means of the seasons before and after.</p>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Changepoints" style={{ maxHeight: 260, overflowY: 'auto' }}>
        <table>
          <thead>
            <tr>
              <th>From</th>
              <th className="number">Before</th>
              <th className="number">After</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ ds, before, after }) => (
              <tr key={ds}>
                <td>
                  <button type="button" className="quiet compact" onClick={() => onShow(ds)}>
                    {shortTime(ds, dataset.timeZone, false)}
                  </button>
                </td>
                <td className="number">{value(before)}</td>
                <td className="number">{value(after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
