/** Loss, validation and speed of a training, while it runs and ever after. */
import { isFinished, type Run } from '@almanac/contracts';
import { useCallback, useMemo } from 'react';
import type uPlot from 'uplot';
import { useCurve } from '../../app/live';
import { colour } from '../../app/theme';
import { Lines } from '../../chart/lines';
import { Plot } from '../../chart/plot';
import { ChartCard } from '../../ui/chartCard';

export function Curves({ run }: { run: Run }) {
  const points = useCurve(run);
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
  const steps = useMemo(() => points.map((p) => p.step), [points]);
  const speed = useMemo(() => [{ label: 'steps a second', values: points.map((p) => p.stepsPerSecond) }], [points]);
  if (points.length < 2) {
    return isFinished(run.status) ? null : (
      <section className="card muted" style={{ minHeight: 80 }}>
        Loss and validation appear here with the first steps.
      </section>
    );
  }
  return (
    <div className="columns">
      <ChartCard
        title="Loss by step"
        name={`${run.model}-curve`}
        csv={() => [
          ['step', 'loss', 'validation', 'steps_per_second'],
          ...points.map((p) => [p.step, p.loss, p.validation, p.stepsPerSecond]),
        ]}
      >
        <Plot rescale options={options} data={data} height={240} label="Loss and validation by training step" />
        <div className="legend">
          <span>
            <i className="line" /> loss
          </span>
          <span>
            <i className="median" /> validation
          </span>
        </div>
      </ChartCard>
      <ChartCard title="Throughput" name={`${run.model}-throughput`}>
        <Lines x={steps} lines={speed} label="Steps a second by training step" />
      </ChartCard>
    </div>
  );
}
