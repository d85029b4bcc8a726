/** Accuracy of a model beside its baselines; the best of each column stands out. */
import type { Score } from '@almanac/contracts';
import { useMemo, useState } from 'react';
import { metric, share } from '../../app/format';
import { type Column, DataTable } from '../../ui/dataTable';

interface Metric {
  name: string;
  title: string;
  /** Of coverage: the share that it should have. */
  aim?: number;
  /** Only with “More metrics”. */
  rare?: boolean;
}

export const metricColumns: readonly Metric[] = [
  { name: 'wql', title: 'WQL' },
  { name: 'mase', title: 'MASE' },
  { name: 'mae', title: 'MAE' },
  { name: 'rmse', title: 'RMSE' },
  { name: 'smape', title: 'sMAPE' },
  { name: 'coverage50', title: 'in 50 %', aim: 0.5 },
  { name: 'coverage80', title: 'in 80 %', aim: 0.8 },
  { name: 'coverage95', title: 'in 95 %', aim: 0.95 },
  { name: 'msis', title: 'MSIS', rare: true },
  { name: 'crps', title: 'CRPS', rare: true },
  { name: 'acd', title: 'ACD', rare: true },
];

const distance = (score: Score, { name, aim }: Metric): number | undefined => {
  const value = score.metrics[name];
  return typeof value === 'number' ? Math.abs(value - (aim ?? 0)) : undefined;
};

export function ScoreTable({ scores }: { scores: readonly Score[] }) {
  const [all, setAll] = useState(false);
  const columns = useMemo(
    (): Column<Score>[] => [
      {
        id: 'label',
        title: 'Forecaster',
        by: (score) => score.label,
        cell: (score) => <span style={{ whiteSpace: 'nowrap' }}>{score.label}</span>,
      },
      ...metricColumns
        .filter(({ name, rare }) => (all || !rare) && scores.some((score) => name in score.metrics))
        .map((one): Column<Score> => {
          const best = Math.min(...scores.map((score) => distance(score, one) ?? Infinity));
          return {
            id: one.name,
            title: one.title,
            number: true,
            by: (score) => distance(score, one),
            cell: (score) => {
              const value = score.metrics[one.name];
              const text = one.aim === undefined ? metric(value) : share(value);
              return distance(score, one) === best ? <strong>{text}</strong> : text;
            },
          };
        }),
    ],
    [scores, all],
  );
  return (
    <div>
      <DataTable label="Accuracy" rows={scores} columns={columns} rowKey={(score) => score.label} />
      <button type="button" className="quiet compact" onClick={() => setAll(!all)}>
        {all ? 'Fewer metrics' : 'More metrics'}
      </button>
    </div>
  );
}
