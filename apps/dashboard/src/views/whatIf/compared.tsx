/** The end of the history, the forecast as it was, and the forecast with the changes and its 80 % band. */
import type { Observations, WhatIf } from '@almanac/contracts';
import { useCallback, useMemo } from 'react';
import type uPlot from 'uplot';
import { axisPlace } from '../../app/format';
import { colour } from '../../app/theme';
import { Plot } from '../../chart/plot';
import { timeAxis } from '../../chart/timeAxis';

interface Props {
  answer: WhatIf;
  item: WhatIf['items'][number];
  history: Observations;
  zone: string;
}

/** Horizons of history that are shown before the cutoff. */
const BEFORE = 2;

export function Compared({ answer, item, history, zone }: Props) {
  const data = useMemo(() => {
    const cutoff = axisPlace(item.cutoff);
    const past = history.ds.map((ds, index) => ({ at: axisPlace(ds), y: history.y[index] ?? null }));
    const first = past.findIndex(({ at }) => at > cutoff);
    const known = (first < 0 ? past : past.slice(0, first)).slice(-BEFORE * item.ds.length);
    const came = new Map(past.map(({ at, y }) => [at, y]));
    const ahead = item.ds.map(axisPlace);
    const level = (wanted: number): number => answer.levels.findIndex((one) => Math.abs(one - wanted) < 1e-9);
    const column = (quantiles: (number | null)[][], wanted: number): (number | null | undefined)[] => [
      ...known.map(({ at, y }) => (at === cutoff ? y : undefined)),
      ...(quantiles[level(wanted)] ?? []),
    ];
    return [
      [...known.map(({ at }) => at), ...ahead],
      [...known.map(({ y }) => y), ...ahead.map((at) => came.get(at))],
      column(item.baseline, 0.5),
      column(item.changed, 0.5),
      column(item.changed, 0.9),
      column(item.changed, 0.1),
    ] as unknown as uPlot.AlignedData;
  }, [answer, item, history]);
  const plain = typeof item.cutoff === 'number';
  const options = useCallback((): Omit<uPlot.Options, 'width' | 'height'> => {
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--grid'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    const none = { stroke: 'transparent', width: 0, points: { show: false } };
    return {
      padding: [10, 14, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false } },
      scales: { x: { time: !plain } },
      axes: [
        { ...axis, ...timeAxis(zone, plain) },
        { ...axis, size: 56 },
      ],
      series: [
        {},
        { label: 'observed', stroke: colour('--history'), width: 1.4, points: { show: false } },
        { label: 'as stored', stroke: colour('--muted'), width: 1.6, dash: [5, 5], points: { show: false } },
        { label: 'changed', stroke: colour('--forecast'), width: 2, points: { show: false } },
        none,
        none,
      ],
      bands: [{ series: [4, 5], fill: colour('--band-80') }],
    };
  }, [zone, plain]);
  return (
    <>
      <Plot rescale options={options} data={data} height={260} label="The forecast as stored and as changed" />
      <div className="legend">
        <span>
          <i className="line" /> observed
        </span>
        <span>
          <i style={{ height: 0, borderTop: '2px dashed var(--muted)' }} /> as stored
        </span>
        <span>
          <i className="median" /> changed
        </span>
        <span>
          <i className="b80" /> 80 % of it
        </span>
        {!plain && <span>times in {zone}</span>}
      </div>
    </>
  );
}
