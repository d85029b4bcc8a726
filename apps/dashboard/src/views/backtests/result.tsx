/** A backtest: who forecasts best over rolling cutoffs, how the error grows with the horizon, and when it was large. */
import type { BacktestResult, StepTime } from '@almanac/contracts';
import { useMemo } from 'react';
import { axisPlace, metric, time } from '../../app/format';
import { useCall } from '../../app/queries';
import { Lines } from '../../chart/lines';
import { ChartCard } from '../../ui/chartCard';
import { type Column, DataTable } from '../../ui/dataTable';
import type { Cell } from '../../ui/download';
import { BySeries } from './bySeries';
import { Certified } from './certified';
import { Totals } from './totals';
import { ScoreTable } from '../models/scoreTable';

type Model = BacktestResult['models'][number];

/** One row for each place on the axis, one column for each line. */
const table = (axis: string, places: readonly Cell[], lines: readonly { label: string; values: readonly Cell[] }[]): Cell[][] => [
  [axis, ...lines.map((line) => line.label)],
  ...places.map((place, index) => [place, ...lines.map((line) => line.values[index])]),
];

function leaderboard(models: readonly Model[]): Cell[][] {
  const names = [...new Set(models.flatMap((model) => Object.keys(model.score.metrics)))];
  return [
    ['forecaster', 'wql_to_seasonal_naive', ...names],
    ...models.map((model) => [model.score.label, model.wqlRatio, ...names.map((name) => model.score.metrics[name])]),
  ];
}

export function BacktestView({ runId, dataset, result }: { runId: string; dataset: string; result: BacktestResult }) {
  const models = useMemo(
    () => result.models.toSorted((a, b) => (a.score.metrics['wql'] ?? Infinity) - (b.score.metrics['wql'] ?? Infinity)),
    [result],
  );
  // Times are those of the dataset, as everywhere.
  const zone = useCall('getDataset', { params: { dataset } }).data?.timeZone ?? 'UTC';
  const ahead = useMemo(() => Array.from({ length: result.horizon }, (_, step) => step + 1), [result]);
  const byHorizon = useMemo(() => models.map((model) => ({ label: model.score.label, values: model.perHorizon })), [models]);
  const cutoffs = useMemo(() => result.windows.map(axisPlace), [result]);
  const axis = typeof result.windows[0] === 'number' ? {} : { zone };
  const byCutoff = useMemo(
    () => models.map((model) => ({ label: model.score.label, values: model.windows.map((window) => window['wql'] ?? null) })),
    [models],
  );
  const coverage = useMemo(
    () => [
      ...models.map((model) => ({ label: model.score.label, values: model.windows.map((window) => window['coverage80'] ?? null) })),
      { label: 'as it should be', values: result.windows.map(() => 0.8), dashed: true },
    ],
    [models, result],
  );
  const scores = useMemo(() => models.map((model) => model.score), [models]);
  const windows = useMemo(() => result.windows.map((cutoff, index) => ({ cutoff, index })), [result]);
  const columns = useMemo(
    (): Column<{ cutoff: StepTime; index: number }>[] => [
      { id: 'cutoff', title: 'Cutoff', by: ({ cutoff }) => cutoff, cell: ({ cutoff }) => time(cutoff, zone) },
      ...models.map((model): Column<{ cutoff: StepTime; index: number }> => ({
        id: model.score.label,
        title: model.score.label,
        number: true,
        by: ({ index }) => model.windows[index]?.['wql'],
        cell: ({ index }) => metric(model.windows[index]?.['wql']),
      })),
    ],
    [models, zone],
  );
  const best = models[0];
  return (
    <>
      <ChartCard title="Leaderboard" name="backtest-leaderboard" png={false} csv={() => leaderboard(models)}>
        {best && (
          <p className="muted">
            Best over {result.windows.length} cutoffs, {result.horizon} steps ahead each: <strong>{best.score.label}</strong>
            {best.wqlRatio !== null && `, with ${best.wqlRatio.toFixed(2)} times the WQL of seasonal naive`}.
          </p>
        )}
        <ScoreTable scores={scores} />
        <div className="row">
          {models.map((model) => (
            <span key={model.score.label} className={model.certificate.passed ? 'badge good' : 'badge bad'}>
              {model.score.label}: {model.certificate.passed ? 'reads nothing after its cutoff' : 'READS AFTER ITS CUTOFF'}
            </span>
          ))}
        </div>
        {models[0] && <Certified certificate={models[0].certificate} />}
      </ChartCard>
      <div className="columns">
        <ChartCard title="WQL by step ahead, logarithmic" name="backtest-by-horizon" csv={() => table('step', ahead, byHorizon)}>
          <Lines x={ahead} lines={byHorizon} label="WQL by step ahead" logarithmic />
        </ChartCard>
        <ChartCard title="WQL by cutoff" name="backtest-by-cutoff" csv={() => table('cutoff', result.windows, byCutoff)}>
          <Lines x={cutoffs} lines={byCutoff} {...axis} label="WQL by cutoff" />
        </ChartCard>
        <ChartCard
          title="Coverage of the 80 % interval by cutoff"
          name="backtest-coverage"
          csv={() => table('cutoff', result.windows, coverage)}
        >
          <Lines x={cutoffs} lines={coverage} {...axis} bounds={[0, 1]} label="Coverage of the 80 % interval by cutoff" />
        </ChartCard>
      </div>
      <Totals models={models} />
      <BySeries runId={runId} dataset={dataset} labels={models.map((model) => model.score.label)} />
      <ChartCard title="Every window" name="backtest-windows" png={false} csv={() => table('cutoff', result.windows, byCutoff)}>
        <DataTable label="Every window" rows={windows} columns={columns} rowKey={({ cutoff }) => String(cutoff)} />
      </ChartCard>
    </>
  );
}
