/** Some lines over a common axis, with a legend that names them. */
import { useCallback, useMemo } from 'react';
import type uPlot from 'uplot';
import { colour } from '../app/theme';
import { Plot } from './plot';
import { timeAxis } from './timeAxis';

export interface Line {
  label: string;
  values: readonly (number | null)[];
  dashed?: boolean;
}

interface Props {
  x: readonly number[];
  lines: readonly Line[];
  label: string;
  /** The axis holds instants in seconds, shown in this zone; plain numbers unless given. */
  zone?: string;
  height?: number;
  /** Fixed bounds of the values, e.g. for shares. */
  bounds?: [number, number];
  /** Without a legend: the one line is named beside it. */
  plain?: boolean;
  /** Powers of ten at equal distances; values of zero and below are left out. */
  logarithmic?: boolean;
}

export const lineColour = (index: number): string => `--line-${(index % 6) + 1}`;

export function Lines({ x, lines, label, zone, height = 240, bounds, plain = false, logarithmic = false }: Props) {
  const data = useMemo(() => {
    const shown = lines.map((line) =>
      logarithmic ? line.values.map((value) => (value !== null && value > 0 ? value : null)) : line.values,
    );
    return [x, ...shown] as unknown as uPlot.AlignedData;
  }, [x, lines, logarithmic]);
  const names = lines.map((line) => `${line.label}${line.dashed ? '\0' : ''}`).join('\n');
  const low = bounds?.[0];
  const high = bounds?.[1];
  const single = x.length === 1;
  const options = useCallback((): Omit<uPlot.Options, 'width' | 'height'> => {
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--grid'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    return {
      padding: [10, 14, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false } },
      scales: {
        x: { time: zone !== undefined },
        y: logarithmic ? { distr: 3 } : low === undefined || high === undefined ? {} : { range: [low, high] },
      },
      axes: [zone === undefined ? axis : { ...axis, ...timeAxis(zone, false) }, { ...axis, size: 56 }],
      series: [
        {},
        ...names.split('\n').map((name, index) => ({
          label: name,
          stroke: colour(lineColour(index)),
          width: 1.8,
          spanGaps: true,
          points: { show: single },
          ...(name.endsWith('\0') ? { dash: [5, 5] } : {}),
        })),
      ],
    };
  }, [names, zone, low, high, single, logarithmic]);
  return (
    <div>
      <Plot rescale options={options} data={data} height={height} label={label} />
      {!plain && (
        <div className="legend">
          {lines.map((line, index) => (
            <span key={line.label}>
              <i style={{ height: 0, borderTop: `2px ${line.dashed ? 'dashed' : 'solid'} var(${lineColour(index)})` }} /> {line.label}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
