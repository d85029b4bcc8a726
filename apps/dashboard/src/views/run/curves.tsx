/** Loss and validation of a training while it runs, as far as this page has seen them. */
import { isFinished, type Run } from '@almanac/contracts';
import { useCallback, useMemo } from 'react';
import type uPlot from 'uplot';
import { useSeenCurve } from '../../app/live';
import { colour } from '../../app/theme';
import { Plot } from '../../chart/plot';

export function Curves({ run }: { run: Run }) {
  const points = useSeenCurve(run.id);
  const data = useMemo<uPlot.AlignedData>(
    () => [points.map((p) => p.step), points.map((p) => p.loss), points.map((p) => p.validation ?? undefined)] as uPlot.AlignedData,
    [points],
  );
  const options = useCallback((): Omit<uPlot.Options, 'width' | 'height'> => {
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--grid'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    return {
      scales: { x: { time: false } },
      padding: [10, 12, 0, 0],
      axes: [axis, { ...axis, size: 56 }],
      series: [
        { label: 'step' },
        { label: 'loss', stroke: colour('--history'), width: 1.4, points: { show: false } },
        { label: 'validation', stroke: colour('--forecast'), width: 1.8, spanGaps: true, points: { show: true, size: 5 } },
      ],
      legend: { show: false },
    };
  }, []);
  if (points.length < 2) {
    return isFinished(run.status) ? null : (
      <section className="card muted" style={{ minHeight: 80 }}>
        Loss and validation appear here with the first steps.
      </section>
    );
  }
  return (
    <section className="card">
      <h2>Loss by step</h2>
      <Plot rescale options={options} data={data} height={240} label="Loss and validation by training step" />
      <div className="legend">
        <span>
          <i className="line" /> loss
        </span>
        <span>
          <i className="median" /> validation
        </span>
      </div>
    </section>
  );
}
