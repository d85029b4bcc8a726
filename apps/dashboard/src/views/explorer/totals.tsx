/** The sum of a forecast over steps, of this series, of all, or by region, with an interval of its own. */
import type { Dataset, Forecast } from '@almanac/contracts';
import { useState } from 'react';
import { count, isSubDaily, shortTime, value } from '../../app/format';
import { useCall } from '../../app/queries';
import { useRested } from '../../app/rested';
import { saveCsv } from '../../ui/download';
import { Failure, Skeleton } from '../../ui/parts';

const SIDE_BY_SIDE = { display: 'flex', gap: 8, alignItems: 'center' } as const;
const THIS = '';
const ALL = '*';

export function TotalsCard({ dataset, forecast }: { dataset: Dataset; forecast: Forecast }) {
  const [over, setOver] = useState(THIS);
  const [every, setEvery] = useState('');
  const steps = useRested(every, 300);
  const statics = useCall('listStaticCovariates', { params: { dataset: dataset.name } });
  const size = /^[1-9]\d{0,4}$/.test(steps.trim()) ? Number(steps) : undefined;
  const query = useCall(
    'forecastTotals',
    {
      body: {
        runId: forecast.runId,
        ...(over === THIS ? { uniqueIds: [forecast.uniqueId] } : over === ALL ? {} : { by: over.slice(1) }),
        ...(size === undefined ? {} : { every: size }),
        level: [80, 95],
      },
    },
    { keepPrevious: true },
  );
  const withTime = isSubDaily(dataset.frequency);
  const at = (ds: string | number): string => shortTime(ds, dataset.timeZone, withTime);
  const items = query.data?.items ?? [];
  const grouped = over !== THIS && over !== ALL;
  return (
    <section className="card">
      <h2>Total</h2>
      <div className="row" style={{ gap: 12, marginBottom: 10 }}>
        <label style={SIDE_BY_SIDE}>
          Of
          <select value={over} onChange={(event) => setOver(event.target.value)}>
            <option value={THIS}>this series</option>
            <option value={ALL}>all series of the forecast</option>
            {statics.data?.items.map(({ name }) => (
              <option key={name} value={`=${name}`}>
                each {name}
              </option>
            ))}
          </select>
        </label>
        <label style={SIDE_BY_SIDE}>
          Every
          <input
            inputMode="numeric"
            value={every}
            placeholder={`${forecast.ds.length}`}
            aria-label="Steps of each total"
            style={{ width: 72 }}
            onChange={(event) => setEvery(event.target.value)}
          />
        </label>
        <span className="muted small">of {count(forecast.ds.length)} steps</span>
      </div>
      {every.trim() !== '' && size === undefined && <p className="muted small">Give a whole number of steps.</p>}
      {query.error ? <Failure error={query.error} /> : null}
      {!query.data && !query.error ? <Skeleton height={64} /> : null}
      {items.length > 0 && (
        <div className="table-scroll" tabIndex={0} style={{ maxHeight: 280 }}>
          <table>
            <thead>
              <tr>
                {grouped && <th>{over.slice(1)}</th>}
                <th>From</th>
                <th>To</th>
                <th className="number">Median</th>
                <th className="number">80 % interval</th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ group, series, from, to, median, intervals }) => (
                <tr key={`${group} ${from}`} style={{ whiteSpace: 'nowrap' }}>
                  {grouped && (
                    <td>
                      {group ?? '(none)'} <span className="muted">({count(series)})</span>
                    </td>
                  )}
                  <td>{at(from)}</td>
                  <td>{at(to)}</td>
                  <td className="number">{value(median)}</td>
                  <td className="number">
                    {value(intervals[0]?.lower)} – {value(intervals[0]?.upper)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {query.data?.notes.map(({ code, detail }) => (
        <div className="note warn" key={code}>
          <span>{detail}</span>
        </div>
      ))}
      <p className="row" style={{ marginTop: 10 }}>
        <span className="muted small">
          From {count(query.data?.paths ?? 1000)} sampled paths; how errors hang together was{' '}
          {query.data?.dependence.basis === 'assumed' ? 'assumed' : 'measured on held-out steps'}.
        </span>
        <button
          type="button"
          className="quiet compact"
          disabled={items.length === 0}
          onClick={() => saveCsv(rowsOf(items), `${dataset.name}-totals.csv`)}
        >
          CSV
        </button>
      </p>
    </section>
  );
}

type Item = { group: string | null; series: number; from: string | number; to: string | number; median: number | null };
type Interval = { level: number; lower: number | null; upper: number | null };

const rowsOf = (items: readonly (Item & { intervals: readonly Interval[] })[]) => [
  ['group', 'series', 'from', 'to', 'median', ...(items[0]?.intervals ?? []).flatMap(({ level }) => [`lo-${level}`, `hi-${level}`])],
  ...items.map(({ group, series, from, to, median, intervals }) => [
    group,
    series,
    from,
    to,
    median,
    ...intervals.flatMap(({ lower, upper }) => [lower, upper]),
  ]),
];
