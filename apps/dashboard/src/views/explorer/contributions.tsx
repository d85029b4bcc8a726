/** What a forecast is made of: its parts stacked over the horizon, up for what adds and down for what takes away. */
import { type Contributions, type Dataset, type Forecast } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { count, isSubDaily, shortTime, value } from '../../app/format';
import { useCall } from '../../app/queries';
import { useClient } from '../../app/session';
import { ChartCard } from '../../ui/chartCard';
import { Only } from '../../ui/only';
import { Failure, Skeleton } from '../../ui/parts';

const WIDTH = 1000;
const HEIGHT = 220;
const INKS = 6;

type Part = Contributions['parts'][number];

export function ContributionsCard({ dataset, forecast }: { dataset: Dataset; forecast: Forecast }) {
  const client = useClient();
  const cache = useQueryClient();
  const input = { params: { runId: forecast.runId }, query: { uniqueId: forecast.uniqueId } };
  const query = useCall('getContributions', input);
  const missing = query.data?.contributions === null;
  const ask = useMutation({
    mutationFn: () => client.explain({ runId: forecast.runId, uniqueIds: [forecast.uniqueId] }),
    onSuccess: ({ contributions: [found] }) => {
      if (found) cache.setQueryData(['getContributions', input], { contributions: found });
    },
  });
  const parts = query.data?.contributions;
  if (parts) return <Parts dataset={dataset} parts={parts} />;
  return (
    <section className="card">
      <div className="row spread">
        <h2>Why this forecast</h2>
        {missing && (
          <Only>
            <button type="button" disabled={ask.isPending} onClick={() => ask.mutate()}>
              {ask.isPending ? 'Taking it apart …' : 'Take the forecast apart'}
            </button>
          </Only>
        )}
      </div>
      <p className="small muted">
        Level, trend, seasons, covariates, holidays and rest, which add up to the median. It takes some seconds, and is kept with the
        forecast.
      </p>
      {ask.data?.notes.map(({ code, detail }) => (
        <div className="note warn" key={code}>
          <span>{detail}</span>
        </div>
      ))}
      {ask.error ? <Failure error={ask.error} /> : null}
      {query.error ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.isPending ? <Skeleton height={40} /> : null}
    </section>
  );
}

const titles: Record<Part['kind'], (name: string) => string> = {
  level: () => 'Level',
  trend: () => 'Trend',
  season: (name) => `Season of ${name} steps`,
  holidays: () => 'Holidays',
  covariate: (name) => name,
  rest: () => 'Rest',
};
const titleOf = ({ kind, name }: Part): string => titles[kind](name);
const columnOf = ({ kind, name }: Part): string => (kind === name ? kind : `${kind}-${name}`);
const inkOf = (index: number): string => `var(--line-${(index % INKS) + 1})`;
const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);

function Parts({ dataset, parts: whole }: { dataset: Dataset; parts: Contributions }) {
  const [step, setStep] = useState<number | null>(null);
  const withTime = isSubDaily(dataset.frequency);
  const [level, ...moving] = whole.parts as [Part, ...Part[]];
  const at = ({ values }: Part): number => (step === null ? meanOf(values) : (values[step] ?? 0));
  return (
    <ChartCard
      title="Why this forecast"
      name={`${dataset.name}-${whole.uniqueId}-contributions`}
      about={
        <>
          The median is the level of {value(level.values[0])} and what is stacked here: above the line it adds, below it takes away.{' '}
          {step === null ? 'Means over the horizon; point at a step for its own.' : shortTime(whole.ds[step]!, dataset.timeZone, withTime)}
        </>
      }
      csv={() => [
        ['unique_id', 'ds', 'cutoff', whole.model, ...whole.parts.map(columnOf)],
        ...whole.ds.map((ds, h) => [whole.uniqueId, ds, whole.cutoff, whole.median[h], ...whole.parts.map(({ values }) => values[h])]),
      ]}
    >
      <Stacked
        parts={moving}
        label={`What moves the forecast of ${whole.uniqueId} over ${count(whole.ds.length)} steps`}
        step={step}
        onStep={setStep}
      />
      <div className="table-scroll" tabIndex={0} style={{ marginTop: 10 }}>
        <table>
          <thead>
            <tr>
              <th>Part</th>
              <th className="number">{step === null ? 'Mean' : 'At this step'}</th>
            </tr>
          </thead>
          <tbody>
            {whole.parts.map((part, i) => (
              <tr key={columnOf(part)}>
                <td>
                  <span
                    aria-hidden="true"
                    style={{
                      ...{ display: 'inline-block', width: 12, height: 12, marginRight: 8, borderRadius: 2 },
                      background: i === 0 ? 'transparent' : inkOf(i - 1),
                    }}
                  />
                  {titleOf(part)}
                </td>
                <td className="number">{value(at(part))}</td>
              </tr>
            ))}
            <tr>
              <td>
                <strong>Median</strong>
              </td>
              <td className="number">
                <strong>{value(step === null ? meanOf(whole.median) : whole.median[step])}</strong>
              </td>
            </tr>
          </tbody>
        </table>
      </div>
    </ChartCard>
  );
}

interface Drawing {
  parts: readonly Part[];
  label: string;
  step: number | null;
  onStep: (step: number | null) => void;
}

function Stacked({ parts, label, step, onStep }: Drawing) {
  const steps = parts[0]?.values.length ?? 0;
  const sum = (h: number, sign: 1 | -1): number => parts.reduce((all, { values }) => all + Math.max(0, sign * (values[h] ?? 0)), 0);
  const each = Array.from({ length: steps }, (_, h) => h);
  const up = Math.max(1e-12, ...each.map((h) => sum(h, 1)));
  const down = Math.max(0, ...each.map((h) => sum(h, -1)));
  const scale = HEIGHT / (up + down);
  const zero = up * scale;
  const width = WIDTH / Math.max(1, steps);
  const move = (by: number): void => onStep(Math.min(steps - 1, Math.max(0, (step ?? -1) + by)));
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        style={{ width: '100%', height: HEIGHT, display: 'block' }}
        role="img"
        aria-label={label}
        tabIndex={0}
        onPointerLeave={() => onStep(null)}
        onBlur={() => onStep(null)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowRight') move(1);
          else if (event.key === 'ArrowLeft') move(-1);
          else return;
          event.preventDefault();
        }}
      >
        {each.map((h) => {
          let [above, below] = [zero, zero];
          return (
            <g key={h} opacity={step === null || step === h ? 1 : 0.4} onPointerEnter={() => onStep(h)}>
              <rect x={h * width} y={0} width={width} height={HEIGHT} fill="transparent" />
              {parts.map((part, i) => {
                const size = (part.values[h] ?? 0) * scale;
                const y = size >= 0 ? (above -= size) : below;
                if (size < 0) below -= size;
                return (
                  <rect key={columnOf(part)} x={h * width} y={y} width={Math.max(1, width * 0.9)} height={Math.abs(size)} fill={inkOf(i)} />
                );
              })}
            </g>
          );
        })}
        <path d={`M0 ${zero}H${WIDTH}`} stroke="var(--ink)" strokeWidth={1} vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}
