/** What the history of a series is made of: one small chart for each part, over the same steps. */
import type { Dataset, SeriesDecomposition } from '@almanac/contracts';
import { useMemo, useState } from 'react';
import { axisPlace, count, share } from '../../app/format';
import { useCall } from '../../app/queries';
import { type Line, Lines } from '../../chart/lines';
import { ChartCard } from '../../ui/chartCard';
import { Failure, Skeleton } from '../../ui/parts';

const STEPS = [200, 1000, 5000] as const;
const HEIGHT = 96;

export function DecompositionCard({ dataset, uniqueId }: { dataset: Dataset; uniqueId: string }) {
  const [wanted, setWanted] = useState(false);
  const [steps, setSteps] = useState<number>(STEPS[0]);
  const query = useCall(
    'getDecomposition',
    { params: { dataset: dataset.name, uniqueId }, query: { steps } },
    { enabled: wanted, keepPrevious: true },
  );
  if (!wanted)
    return (
      <section className="card">
        <div className="row spread">
          <h2>What it is made of</h2>
          <button type="button" onClick={() => setWanted(true)}>
            Take the history apart
          </button>
        </div>
        <p className="small muted">Level and trend, seasons, holidays, and the rest.</p>
      </section>
    );
  const parts = query.data;
  return (
    <ChartCard
      title="What it is made of"
      name={`${dataset.name}-${uniqueId}-parts`}
      about="The parts of an observed step add up to it. Outliers and gaps do not bend them; the trend stops at changepoints."
      {...(parts ? { csv: () => rowsOf(parts) } : {})}
    >
      <div className="row small" style={{ gap: 12, marginBottom: 10 }}>
        <label className="row" style={{ gap: 6 }}>
          Last
          <select className="compact" style={{ width: 'auto' }} value={steps} onChange={(event) => setSteps(Number(event.target.value))}>
            {STEPS.map((size) => (
              <option key={size} value={size}>
                {count(size)} steps
              </option>
            ))}
          </select>
        </label>
      </div>
      {query.error ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {!parts && !query.error ? <Skeleton height={4 * HEIGHT} /> : null}
      {parts && <Parts parts={parts} zone={dataset.timeZone} />}
    </ChartCard>
  );
}

function Parts({ parts, zone }: { parts: SeriesDecomposition; zone: string }) {
  const plain = typeof parts.ds[0] === 'number';
  const x = useMemo(() => parts.ds.map(axisPlace), [parts.ds]);
  const charts = useMemo(
    (): { title: string; lines: Line[] }[] => [
      {
        title: 'Level and trend',
        lines: [
          { label: 'Level and trend', values: parts.trend },
          { label: 'Observed', values: parts.y },
        ],
      },
      ...parts.seasons.map(({ length, values, strength }) => ({
        title: `Season of ${count(length)} steps (strength ${share(strength)})`,
        lines: [{ label: `Season of ${length} steps`, values }],
      })),
      ...(parts.holidays ? [{ title: `Holidays (${parts.country})`, lines: [{ label: 'Holidays', values: parts.holidays }] }] : []),
      { title: 'Rest', lines: [{ label: 'Rest', values: parts.rest }] },
    ],
    [parts],
  );
  return (
    <>
      {charts.map(({ title, lines }, i) => (
        <figure key={title} style={{ marginBottom: 8 }}>
          <figcaption className="small muted">{title}</figcaption>
          <Lines
            x={x}
            lines={lines}
            label={title}
            height={i === 0 ? 1.6 * HEIGHT : HEIGHT}
            plain={lines.length === 1}
            {...(plain ? {} : { zone })}
          />
        </figure>
      ))}
      {parts.unseen.length > 0 && (
        <p className="small muted">
          Seasons of {parts.unseen.join(' and ')} steps are not shown: the series does not have two whole cycles of them.
        </p>
      )}
    </>
  );
}

const rowsOf = ({ uniqueId, ds, y, trend, seasons, holidays, rest }: SeriesDecomposition) => [
  ['unique_id', 'ds', 'y', 'trend', ...seasons.map(({ length }) => `season-${length}`), ...(holidays ? ['holidays'] : []), 'rest'],
  ...ds.map((time, t) => [
    uniqueId,
    time,
    y[t],
    trend[t],
    ...seasons.map(({ values }) => values[t]),
    ...(holidays ? [holidays[t]] : []),
    rest[t],
  ]),
];
