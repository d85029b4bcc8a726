/** Weight by lag, and the gate: small drawings in SVG that scale with the page. */
import type { AttentionMapsResource } from '@almanac/contracts';
import { useMemo } from 'react';
import { share } from '../../app/format';
import type { Place } from './place';
import { seasonMarks, weightByLag } from './weights';

const WIDTH = 1000;

export function LagBars({ maps, map, seasons }: { maps: AttentionMapsResource; map: number[][]; seasons: readonly number[] }) {
  const bars = useMemo(() => weightByLag(maps, map), [maps, map]);
  const highest = Math.max(...bars.map((bar) => bar.weight), 1e-9);
  const longest = bars.at(-1)?.lag ?? 1;
  const width = WIDTH / Math.max(1, bars.length);
  const left = (lag: number): number => WIDTH - (lag / longest) * WIDTH;
  const marks = seasonMarks(seasons, longest);
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
        {marks.map((lag) => (
          <path
            key={lag}
            d={`M${left(lag) + width * 0.4} 0V200`}
            stroke="var(--line-strong)"
            strokeDasharray="3 4"
            vectorEffect="non-scaling-stroke"
          />
        ))}
        {bars.map((bar) => (
          <rect
            key={bar.lag}
            x={left(bar.lag)}
            y={200 - (bar.weight / highest) * 196}
            width={Math.max(1, width * 0.8)}
            height={(bar.weight / highest) * 196}
            fill="var(--forecast)"
          >
            <title>{`${bar.lag} steps back: ${share(bar.weight)}`}</title>
          </rect>
        ))}
      </svg>
      <div className="axis small muted" aria-hidden="true">
        {marks.map((lag) => (
          <span key={lag} style={{ left: `${(left(lag) + width * 0.4) / 10}%` }}>
            {lag}
          </span>
        ))}
      </div>
      <figcaption className="row spread small muted">
        <span>{longest} steps back</span>
        <span>most at {best.map((bar) => `${bar.lag} (${share(bar.weight)})`).join(', ')}</span>
        <span>cutoff</span>
      </figcaption>
    </figure>
  );
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);
const inks = ['var(--history)', 'var(--forecast)', 'var(--accent)'];

export function GateBars({
  maps,
  place,
  onPlace,
  names,
}: {
  maps: AttentionMapsResource;
  place: Place | null;
  onPlace: (place: Place | null) => void;
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
        onPointerLeave={() => onPlace(null)}
      >
        {maps.gate.map((shares, step) => {
          let top = 0;
          return (
            <g
              key={step}
              opacity={place === null || place.row === step ? 1 : 0.35}
              onPointerEnter={() => onPlace({ row: step, column: null })}
            >
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
            <i style={{ background: inks[index % inks.length] }} /> {names[branch] ?? branch}{' '}
            {share(place === null ? mean(maps.gate.map((shares) => shares[index] ?? 0)) : maps.gate[place.row]?.[index])}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
