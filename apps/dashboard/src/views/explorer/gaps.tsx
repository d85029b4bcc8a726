/** What the gaps of a series would have held, and values that are unlike the others. Nothing of it is stored. */
import type { Dataset, StepTime } from '@almanac/contracts';
import { useState } from 'react';
import { count, isSubDaily, shortTime, value } from '../../app/format';
import { useCall } from '../../app/queries';
import { saveCsv } from '../../ui/download';
import { Failure, Skeleton } from '../../ui/parts';

const THRESHOLDS = [3, 4, 5, 7] as const;
const LEVEL = 80;
/** Rows that a table shows; the CSV has all. */
const SHOWN = 200;

export function GapsCard({ dataset, uniqueId }: { dataset: Dataset; uniqueId: string }) {
  const [wanted, setWanted] = useState(false);
  const [threshold, setThreshold] = useState<number>(5);
  const params = { dataset: dataset.name };
  const gaps = useCall('fillGaps', { params, query: { uniqueId, level: LEVEL } }, { enabled: wanted });
  const unusual = useCall('listUnusual', { params, query: { uniqueId, threshold } }, { enabled: wanted, keepPrevious: true });
  const withTime = isSubDaily(dataset.frequency);
  const at = (ds: StepTime): string => shortTime(ds, dataset.timeZone, withTime);
  if (!wanted)
    return (
      <section className="card">
        <div className="row spread">
          <h2>Gaps and unusual values</h2>
          <button type="button" onClick={() => setWanted(true)}>
            Look for them
          </button>
        </div>
        <p className="small muted">
          What the gaps would have held, and values unlike the others. It needs no model, and nothing is stored.
        </p>
      </section>
    );
  const filled = gaps.data?.items[0];
  const values = unusual.data?.items[0]?.values ?? [];
  return (
    <section className="card">
      <h2>Gaps and unusual values</h2>
      {gaps.error ? <Failure error={gaps.error} retry={() => void gaps.refetch()} /> : null}
      {unusual.error ? <Failure error={unusual.error} retry={() => void unusual.refetch()} /> : null}
      {!filled && !gaps.error ? <Skeleton height={64} /> : null}
      {filled && (
        <>
          <div className="row spread">
            <p className="small muted">
              {filled.ds.length === 0 ? 'No gap could be filled' : `${count(filled.ds.length)} gaps, filled with an ${LEVEL} % interval`}
              {filled.unfilled > 0 && `; ${count(filled.unfilled)} were left, because too little was observed`}.
            </p>
            <button
              type="button"
              className="quiet compact"
              disabled={filled.ds.length === 0}
              aria-label="Filled gaps as CSV"
              onClick={() =>
                saveCsv(
                  [
                    ['unique_id', 'ds', 'y', `y-lo-${LEVEL}`, `y-hi-${LEVEL}`],
                    ...filled.ds.map((ds, i) => [uniqueId, ds, filled.median[i], filled.lower[i], filled.upper[i]]),
                  ],
                  `${dataset.name}-${uniqueId}-gaps.csv`,
                )
              }
            >
              CSV
            </button>
          </div>
          {filled.ds.length > 0 && (
            <div className="table-scroll" tabIndex={0} role="region" aria-label="Filled gaps" style={{ maxHeight: 220 }}>
              <table>
                <thead>
                  <tr>
                    <th>Gap</th>
                    <th className="number">Filled with</th>
                    <th className="number">{LEVEL} % interval</th>
                  </tr>
                </thead>
                <tbody>
                  {filled.ds.slice(0, SHOWN).map((ds, i) => (
                    <tr key={ds} style={{ whiteSpace: 'nowrap' }}>
                      <td>{at(ds)}</td>
                      <td className="number">{value(filled.median[i])}</td>
                      <td className="number">
                        {value(filled.lower[i])} – {value(filled.upper[i])}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
      <div className="row spread" style={{ marginTop: 14 }}>
        <label className="row small" style={{ gap: 6 }}>
          Unusual from
          <select
            className="compact"
            style={{ width: 'auto' }}
            value={threshold}
            onChange={(event) => setThreshold(Number(event.target.value))}
          >
            {THRESHOLDS.map((size) => (
              <option key={size} value={size}>
                {size} usual deviations
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="quiet compact"
          disabled={values.length === 0}
          aria-label="Unusual values as CSV"
          onClick={() =>
            saveCsv(
              [
                ['unique_id', 'ds', 'y', 'expected', 'score'],
                ...values.map((one) => [uniqueId, one.ds, one.value, one.expected, one.score]),
              ],
              `${dataset.name}-${uniqueId}-unusual.csv`,
            )
          }
        >
          CSV
        </button>
      </div>
      {unusual.data && values.length === 0 && <p className="small muted">No value is so far from what is expected.</p>}
      {values.length > 0 && (
        <div className="table-scroll" tabIndex={0} role="region" aria-label="Unusual values" style={{ maxHeight: 220 }}>
          <table>
            <thead>
              <tr>
                <th>Time</th>
                <th className="number">Value</th>
                <th className="number">Expected</th>
                <th className="number">Deviations</th>
              </tr>
            </thead>
            <tbody>
              {values.slice(0, SHOWN).map((one) => (
                <tr key={one.ds} style={{ whiteSpace: 'nowrap' }}>
                  <td>{at(one.ds)}</td>
                  <td className="number">{value(one.value)}</td>
                  <td className="number">{value(one.expected)}</td>
                  <td className="number">{one.score.toFixed(1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {Math.max(filled?.ds.length ?? 0, values.length) > SHOWN && (
        <p className="small muted">The first {SHOWN} rows are shown; the CSV has all.</p>
      )}
    </section>
  );
}
