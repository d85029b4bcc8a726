/** How often the intervals of sums held what came: as wrong as those of steps where errors hang together otherwise than was measured. */
import type { BacktestResult, TotalsCoverage } from '@almanac/contracts';
import { useMemo } from 'react';
import { count, share } from '../../app/format';
import { ChartCard } from '../../ui/chartCard';
import { type Column, DataTable } from '../../ui/dataTable';
import type { Cell } from '../../ui/download';

type Over = 'overHorizon' | 'overSeries' | 'overBoth';
interface Row {
  label: string;
  totals: TotalsCoverage;
}

const OVER: readonly { over: Over; title: string; column: string }[] = [
  { over: 'overHorizon', title: 'A series over the horizon', column: 'over_horizon' },
  { over: 'overSeries', title: 'All series at a step', column: 'over_series' },
  { over: 'overBoth', title: 'All series over the horizon', column: 'over_both' },
];

const COLUMNS: Column<Row>[] = [
  { id: 'label', title: 'Forecaster', by: ({ label }) => label, cell: ({ label }) => label },
  ...OVER.map(({ over, title }): Column<Row> => ({
    id: over,
    title,
    number: true,
    by: ({ totals }) => totals[over].coverage80,
    cell: ({ totals }) => share(totals[over].coverage80),
  })),
];

const csvOf = (rows: readonly Row[]): Cell[][] => [
  ['forecaster', 'windows', 'series', 'basis', ...OVER.flatMap(({ column }) => ['sums', '50', '80', '95'].map((of) => `${column}_${of}`))],
  ...rows.map(({ label, totals }) => [
    ...[label, totals.windows, totals.series, totals.basis],
    ...OVER.flatMap(({ over }) => [totals[over].sums, totals[over].coverage50, totals[over].coverage80, totals[over].coverage95]),
  ]),
];

export function Totals({ models }: { models: BacktestResult['models'] }) {
  const rows = useMemo(() => models.flatMap(({ score, totals }): Row[] => (totals ? [{ label: score.label, totals }] : [])), [models]);
  const [first] = rows;
  if (!first) return null;
  const { windows, series, basis, overBoth } = first.totals;
  return (
    <ChartCard title="Coverage of totals" name="backtest-totals" png={false} csv={() => csvOf(rows)}>
      <p className="muted small">
        {`Sums that lay within their 80 % interval, over ${count(windows)} ${windows === 1 ? 'cutoff' : 'cutoffs'} and ${count(series)} series. How errors hang together is `}
        {basis === 'measured'
          ? 'measured at earlier cutoffs, so the first has no sums here.'
          : 'assumed, as no cutoff has another one before it.'}
        {overBoth.sums < 30 && ' So few sums of all series over the horizon say little; more cutoffs say more.'}
      </p>
      <DataTable label="Coverage of totals" rows={rows} columns={COLUMNS} rowKey={({ label }) => label} />
    </ChartCard>
  );
}
