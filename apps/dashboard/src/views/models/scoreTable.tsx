/** Accuracy of a model beside its baselines; the best of each column stands out. */
import type { Score } from '@almanac/contracts';
import { useState } from 'react';
import { metric } from '../../app/format';

/** What is looked at first, with its name and, for coverage, the share that it should have. */
const columns: { name: string; title: string; aim?: number }[] = [
  { name: 'wql', title: 'WQL' },
  { name: 'mase', title: 'MASE' },
  { name: 'mae', title: 'MAE' },
  { name: 'rmse', title: 'RMSE' },
  { name: 'smape', title: 'sMAPE' },
  { name: 'coverage50', title: 'in 50 %', aim: 0.5 },
  { name: 'coverage80', title: 'in 80 %', aim: 0.8 },
  { name: 'coverage95', title: 'in 95 %', aim: 0.95 },
];
const rest: { name: string; title: string; aim?: number }[] = [
  { name: 'msis', title: 'MSIS' },
  { name: 'crps', title: 'CRPS' },
  { name: 'acd', title: 'ACD' },
];

const share = (value: number | null | undefined): string => (typeof value === 'number' ? `${(100 * value).toFixed(1)} %` : '–');

export function ScoreTable({ scores }: { scores: Score[] }) {
  const [all, setAll] = useState(false);
  const known = (all ? [...columns, ...rest] : columns).filter(({ name }) => scores.some((score) => name in score.metrics));
  const distance = (score: Score, { name, aim }: (typeof columns)[number]): number => {
    const value = score.metrics[name];
    return typeof value === 'number' ? Math.abs(value - (aim ?? 0)) : Infinity;
  };
  const best = known.map((column) => Math.min(...scores.map((score) => distance(score, column))));
  return (
    <div className="table-scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>Forecaster</th>
            {known.map(({ name, title }) => (
              <th key={name} className="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {scores.map((score) => (
            <tr key={score.label}>
              <td style={{ whiteSpace: 'nowrap' }}>{score.label}</td>
              {known.map((column, index) => {
                const value = score.metrics[column.name];
                const text = column.aim === undefined ? metric(value) : share(value);
                return (
                  <td key={column.name} className="number">
                    {distance(score, column) === best[index] && text !== '–' ? <strong>{text}</strong> : text}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <button type="button" className="quiet compact" onClick={() => setAll(!all)}>
        {all ? 'Fewer metrics' : 'More metrics'}
      </button>
    </div>
  );
}
