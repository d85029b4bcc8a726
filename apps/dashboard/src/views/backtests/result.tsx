/** A backtest: who forecasts best over rolling cutoffs, how the error grows with the horizon, and when it was large. */
import type { BacktestResult } from '@almanac/contracts';
import { useMemo } from 'react';
import { metric, time } from '../../app/format';
import { Lines } from '../../chart/lines';
import { ScoreTable } from '../models/scoreTable';

export function BacktestView({ result }: { result: BacktestResult }) {
  const models = useMemo(
    () => result.models.toSorted((a, b) => (a.score.metrics['wql'] ?? Infinity) - (b.score.metrics['wql'] ?? Infinity)),
    [result],
  );
  const ahead = useMemo(() => Array.from({ length: result.horizon }, (_, step) => step + 1), [result]);
  const byHorizon = useMemo(() => models.map((model) => ({ label: model.score.label, values: model.perHorizon })), [models]);
  const cutoffs = useMemo(() => result.windows.map((window) => Date.parse(window) / 1000), [result]);
  const byCutoff = useMemo(
    () => models.map((model) => ({ label: model.score.label, values: model.windows.map((window) => window['wql'] ?? null) })),
    [models],
  );
  const best = models[0];
  return (
    <>
      <section className="card stack">
        <h2>Leaderboard</h2>
        {best && (
          <p className="muted">
            Best over {result.windows.length} cutoffs, {result.horizon} steps ahead each: <strong>{best.score.label}</strong>
            {best.wqlRatio !== null && `, with ${best.wqlRatio.toFixed(2)} times the WQL of seasonal naive`}.
          </p>
        )}
        <ScoreTable scores={models.map((model) => model.score)} />
        <div className="row">
          {models.map((model) => (
            <span key={model.score.label} className={model.certificate.passed ? 'badge good' : 'badge bad'}>
              {model.score.label}: {model.certificate.passed ? 'reads nothing after its cutoff' : 'READS AFTER ITS CUTOFF'}
            </span>
          ))}
        </div>
      </section>
      <div className="columns">
        <section className="card">
          <h2>WQL by step ahead, logarithmic</h2>
          <Lines x={ahead} lines={byHorizon} label="WQL by step ahead" logarithmic />
        </section>
        <section className="card">
          <h2>WQL by cutoff</h2>
          <Lines x={cutoffs} lines={byCutoff} zone="UTC" label="WQL by cutoff" />
        </section>
      </div>
      <section className="card">
        <h2>Every window</h2>
        <div className="table-scroll" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th>Cutoff</th>
                {models.map((model) => (
                  <th key={model.score.label} className="number">
                    {model.score.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {result.windows.map((window, index) => (
                <tr key={window}>
                  <td>{time(window)}</td>
                  {models.map((model) => (
                    <td key={model.score.label} className="number">
                      {metric(model.windows[index]?.['wql'])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}
