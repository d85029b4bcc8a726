/** The look-back with its weights, weight by lag, and the gate: small drawings in SVG that scale with the page. */
import type { AttentionMapsResource, Observations } from '@almanac/contracts';
import { useMemo } from 'react';
import { time } from '../../app/format';
import { useCall } from '../../app/queries';
import { ChartCard } from '../../ui/chartCard';
import { columnWeights, weightByLag } from './weights';

const WIDTH = 1000;

/** The observed values over the look-back as an SVG path; gaps stay open. */
function linePath({ ds, y }: Observations, start: number, span: number): string {
  const values = y.filter((value) => value !== null);
  const low = Math.min(...values);
  const high = Math.max(...values);
  let path = '';
  let open = false;
  ds.forEach((instant, index) => {
    const value = y[index] ?? null;
    if (value !== null) {
      const left = ((Date.parse(instant) - start) / span) * WIDTH;
      const top = 110 - ((value - low) / (high - low || 1)) * 100;
      path += `${open ? 'L' : 'M'}${left.toFixed(1)} ${top.toFixed(1)}`;
    }
    open = value !== null;
  });
  return path;
}

export function LookBack({ maps, dataset, row, zone }: { maps: AttentionMapsResource; dataset: string; row: number | null; zone: string }) {
  const from = maps.columns[0];
  const to = maps.rows[0];
  const history = useCall(
    'getObservations',
    { params: { dataset, uniqueId: maps.uniqueId }, query: { ...(from ? { from } : {}), ...(to ? { to } : {}), maxPoints: 5000 } },
    { enabled: from !== undefined },
  );
  const weights = useMemo(() => columnWeights(maps, row), [maps, row]);
  const highest = Math.max(...weights, 1e-9);
  const start = Date.parse(from ?? '');
  const span = Date.parse(to ?? '') - start;
  const line = useMemo(() => (history.data ? linePath(history.data, start, span) : ''), [history.data, start, span]);
  const step = WIDTH / weights.length;
  return (
    <ChartCard
      title="The look-back"
      name={`${maps.uniqueId}-look-back`}
      csv={() => [['column', 'weight'], ...weights.map((weight, column) => [maps.columns[column], weight])]}
    >
      <svg
        viewBox={`0 0 ${WIDTH} 120`}
        preserveAspectRatio="none"
        style={{ width: '100%', height: 150, display: 'block' }}
        role="img"
        aria-label="History before the cutoff, lit up where the forecast looked"
      >
        {weights.map((weight, column) => (
          <rect
            key={column}
            x={column * step}
            y="0"
            width={step + 0.3}
            height="120"
            fill="var(--forecast)"
            opacity={(0.75 * Math.sqrt(weight / highest)).toFixed(3)}
          />
        ))}
        <path d={line} fill="none" stroke="var(--history)" strokeWidth="1.6" vectorEffect="non-scaling-stroke" />
      </svg>
      <div className="row spread small muted">
        <span>{time(from, zone)}</span>
        <span>the forecast starts {time(to, zone)}</span>
      </div>
    </ChartCard>
  );
}

export function LagBars({ maps, map }: { maps: AttentionMapsResource; map: number[][] }) {
  const bars = useMemo(() => weightByLag(maps, map), [maps, map]);
  const highest = Math.max(...bars.map((bar) => bar.weight), 1e-9);
  const longest = bars.at(-1)?.lag ?? 1;
  const width = WIDTH / Math.max(1, bars.length);
  const best = bars.toSorted((a, b) => b.weight - a.weight).slice(0, 3);
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH} 200`}
        preserveAspectRatio="none"
        style={{ width: '100%', height: 200, display: 'block' }}
        role="img"
        aria-label={`Temporal attention by lag; most weight at ${best.map((bar) => bar.lag).join(', ')} steps`}
      >
        {bars.map((bar) => (
          <rect
            key={bar.lag}
            x={WIDTH - (bar.lag / longest) * WIDTH}
            y={200 - (bar.weight / highest) * 196}
            width={Math.max(1, width * 0.8)}
            height={(bar.weight / highest) * 196}
            fill="var(--forecast)"
          >
            <title>{`${bar.lag} steps back: ${(100 * bar.weight).toFixed(1)} %`}</title>
          </rect>
        ))}
      </svg>
      <figcaption className="row spread small muted">
        <span>{longest} steps back</span>
        <span>most at {best.map((bar) => `${bar.lag} (${(100 * bar.weight).toFixed(0)} %)`).join(', ')}</span>
        <span>cutoff</span>
      </figcaption>
    </figure>
  );
}

const inks = ['var(--history)', 'var(--forecast)', 'var(--accent)'];

export function GateBars({
  maps,
  row,
  onRow,
  names,
}: {
  maps: AttentionMapsResource;
  row: number | null;
  onRow: (row: number | null) => void;
  names: Record<string, string>;
}) {
  const width = WIDTH / Math.max(1, maps.gate.length);
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH} 200`}
        preserveAspectRatio="none"
        style={{ width: '100%', height: 200, display: 'block' }}
        role="img"
        aria-label="Gate over the horizon"
        onPointerLeave={() => onRow(null)}
      >
        {maps.gate.map((shares, step) => {
          let top = 0;
          return (
            <g key={step} opacity={row === null || row === step ? 1 : 0.35} onPointerEnter={() => onRow(step)}>
              {shares.map((share, branch) => {
                const y = top * 200;
                top += share;
                return (
                  <rect
                    key={branch}
                    x={step * width}
                    y={y}
                    width={Math.max(1, width - 1)}
                    height={share * 200}
                    fill={inks[branch % inks.length]}
                  />
                );
              })}
            </g>
          );
        })}
      </svg>
      <figcaption className="legend">
        {maps.branches.map((branch, index) => (
          <span key={branch}>
            <i style={{ background: inks[index % inks.length] }} /> {names[branch] ?? branch}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
