/**
 * The look-back with what came of it: observed values over the weights of the columns, and the forecast beyond. Pointing at
 * the forecast chooses the horizon step.
 */
import type { AttentionMapsResource, Forecast, Observations, StepTime } from '@almanac/contracts';
import { useMemo } from 'react';
import { axisPlace, shortTime } from '../../app/format';
import { useCall } from '../../app/queries';
import { atLevel } from '../../chart/forecastData';
import { ChartCard } from '../../ui/chartCard';
import type { Place } from './place';
import { columnWeights, scaleOf, shadeOf } from './weights';

const WIDTH = 1000;
const HEIGHT = 120;

type Point = readonly [at: number, value: number | null];

/** A line through points as an SVG path; gaps stay open. */
function linePath(points: readonly Point[], left: (at: number) => number, top: (value: number) => number): string {
  let path = '';
  let open = false;
  for (const [at, value] of points) {
    if (value !== null) path += `${open ? 'L' : 'M'}${left(at).toFixed(1)} ${top(value).toFixed(1)}`;
    open = value !== null;
  }
  return path;
}

const pointsOf = (ds: readonly StepTime[], y: readonly (number | null)[]): Point[] =>
  ds.map((instant, index) => [axisPlace(instant), y[index] ?? null]);

interface Props {
  maps: AttentionMapsResource;
  dataset: string;
  place: Place | null;
  onPlace: (place: Place | null) => void;
  zone: string;
  withTime: boolean;
}

export function LookBack({ maps, dataset, place, onPlace, zone, withTime }: Props) {
  const from = maps.columns[0] ?? '';
  const to = maps.rows[0] ?? '';
  const { uniqueId, runId } = maps;
  const history = useCall('getObservations', { params: { dataset, uniqueId }, query: { from, to, maxPoints: 5000 } });
  const forecasts = useCall('latestForecasts', { query: { runId, uniqueId, limit: 1 } });
  const weights = useMemo(() => columnWeights(maps, place?.row ?? null), [maps, place?.row]);
  const scale = scaleOf(weights);
  const start = axisPlace(from);
  const cutoff = axisPlace(to);
  const step = maps.rows.length > 1 ? axisPlace(maps.rows[1] ?? '') - cutoff : (cutoff - start) / Math.max(1, maps.contextLength);
  const left = (at: number): number => ((at - start) / (cutoff + maps.rows.length * step - start)) * WIDTH;
  const lines = useMemo(() => linesOf(history.data, forecasts.data?.items[0]), [history.data, forecasts.data]);
  const top = (value: number): number => HEIGHT - 8 - ((value - lines.low) / (lines.high - lines.low || 1)) * (HEIGHT - 16);
  const edge = left(cutoff);
  const wide = edge / weights.length;
  return (
    <ChartCard
      title="The look-back, and the forecast"
      name={`${uniqueId}-look-back`}
      csv={() => [['column', 'weight'], ...weights.map((weight, column) => [maps.columns[column], weight])]}
    >
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        style={{ width: '100%', height: 170, display: 'block', cursor: 'crosshair' }}
        role="img"
        aria-label="History before the cutoff, lit up where the forecast looked, and the forecast"
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const x = ((event.clientX - box.left) / box.width) * WIDTH;
          const row = Math.floor(((x - edge) / (WIDTH - edge)) * maps.rows.length);
          onPlace(row >= 0 && row < maps.rows.length ? { row, column: null } : null);
        }}
        onPointerLeave={() => onPlace(null)}
      >
        {weights.map((weight, column) => (
          <rect
            key={column}
            x={column * wide}
            y="0"
            width={wide + 0.3}
            height={HEIGHT}
            fill="var(--forecast)"
            opacity={(0.75 * shadeOf(weight, scale)).toFixed(3)}
          />
        ))}
        {typeof place?.column === 'number' && (
          <rect
            x={place.column * wide}
            y="1"
            width={wide}
            height={HEIGHT - 2}
            fill="none"
            stroke="var(--ink)"
            strokeWidth="1.5"
            vectorEffect="non-scaling-stroke"
          />
        )}
        {place && (
          <rect
            x={left(cutoff + place.row * step)}
            y="0"
            width={left(cutoff + step) - edge}
            height={HEIGHT}
            fill="var(--accent)"
            opacity="0.35"
          />
        )}
        <path d={linePath(lines.past, left, top)} fill="none" stroke="var(--history)" strokeWidth="1.6" vectorEffect="non-scaling-stroke" />
        <path d={linePath(lines.ahead, left, top)} fill="none" stroke="var(--forecast)" strokeWidth="2" vectorEffect="non-scaling-stroke" />
        <path d={`M${edge} 0V${HEIGHT}`} stroke="var(--muted)" strokeDasharray="4 4" vectorEffect="non-scaling-stroke" />
      </svg>
      <div className="axis small muted">
        <span>{shortTime(from, zone, withTime)}</span>
        <span style={{ left: `${edge / 10}%` }}>{shortTime(to, zone, withTime)}</span>
      </div>
    </ChartCard>
  );
}

function linesOf(history: Observations | undefined, forecast: Forecast | undefined) {
  const past = history ? pointsOf(history.ds, history.y) : [];
  const ahead = forecast ? pointsOf(forecast.ds, atLevel(forecast, 0.5) ?? []) : [];
  const { low, high } = scaleOf([...past, ...ahead].flatMap(([, value]) => (value === null ? [] : [value])));
  return { past, ahead, low, high };
}
