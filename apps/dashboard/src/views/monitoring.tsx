/** Monitoring: past forecasts beside what then happened, what has drifted, and what was done about it. */
import { type LiveScore, type MonitorResult, monitorResult } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { ago, metric, time } from '../app/format';
import { useCall } from '../app/queries';
import { useClient } from '../app/session';
import { Lines } from '../chart/lines';
import { ChartCard } from '../ui/chartCard';
import type { Cell } from '../ui/download';
import { Await, Empty, Failure, Page } from '../ui/parts';
import { Webhooks } from './monitoring/webhooks';

const titles: Record<MonitorResult['alerts'][number]['code'], string> = {
  ERROR_DRIFT: 'The error has grown',
  BIAS: 'The forecasts lean to one side',
  COVERAGE: 'The intervals miss their share',
  INPUT_DRIFT: 'The data have changed',
  ANOMALY: 'Unexpected observations',
  ROLLED_BACK: 'The champion was rolled back',
};

export function Component() {
  const models = useCall('listModels', { query: { limit: 1000 } });
  const [address, setAddress] = useSearchParams();
  const chosen = address.get('model') ?? models.data?.items[0]?.name;
  return (
    <Page
      title="Monitoring"
      about="Forecasts of the past, scored on what was observed since."
      actions={
        chosen !== undefined && (
          <>
            <select
              aria-label="Model"
              style={{ width: 'auto' }}
              value={chosen}
              onChange={(event) =>
                setAddress((before) => {
                  before.set('model', event.target.value);
                  return before;
                })
              }
            >
              {models.data?.items.map((model) => (
                <option key={model.name}>{model.name}</option>
              ))}
            </select>
            <ScoreNow model={chosen} />
          </>
        )
      }
    >
      <Await query={models}>
        {() =>
          chosen === undefined ? (
            <Empty title="There is no model to watch yet">Train one first.</Empty>
          ) : (
            <OneModel key={chosen} model={chosen} />
          )
        }
      </Await>
      <Webhooks />
    </Page>
  );
}

function ScoreNow({ model }: { model: string }) {
  const client = useClient();
  const cache = useQueryClient();
  const start = useMutation({
    mutationFn: () => client.call('monitor', { body: { model } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['activeRuns'] }),
  });
  return (
    <>
      <button type="button" className="primary" disabled={start.isPending} onClick={() => start.mutate()}>
        Score now
      </button>
      {start.error ? <Failure error={start.error} /> : null}
    </>
  );
}

function OneModel({ model }: { model: string }) {
  const runs = useCall('listRuns', { query: { kind: 'monitor', status: 'succeeded', limit: 1000 } }, { refetchInterval: 10_000 });
  const results = useMemo(
    () =>
      (runs.data?.items ?? [])
        .filter((run) => run.model === model)
        .flatMap((run) => {
          const result = monitorResult.safeParse(run.result).data;
          return result ? [{ at: run.createdAt, result }] : [];
        }),
    [runs.data, model],
  );
  const scored = useMemo(() => {
    // A forecast may have been scored again when more had been observed; the newest score counts.
    const byRun = new Map<string, LiveScore>();
    for (const { result } of results) for (const score of result.scored) if (!byRun.has(score.runId)) byRun.set(score.runId, score);
    return [...byRun.values()].sort((a, b) => a.cutoff.localeCompare(b.cutoff));
  }, [results]);
  const x = useMemo(() => scored.map((score) => Date.parse(score.cutoff) / 1000), [scored]);
  const accuracy = useMemo(
    () => [
      { label: model, values: scored.map((score) => score.wql) },
      { label: 'seasonal naive', values: scored.map((score) => score.naiveWql), dashed: true },
    ],
    [scored, model],
  );
  const coverage = useMemo(
    () => [
      { label: 'inside the 80 % interval', values: scored.map((score) => score.coverage80) },
      { label: 'as it should be', values: scored.map(() => 0.8), dashed: true },
    ],
    [scored],
  );
  const latest = results[0];
  return (
    <Await query={runs}>
      {() =>
        latest === undefined ? (
          <Empty title="Nothing has been scored yet">
            Score now, or make a schedule that does so: once observations arrive after a forecast, they are compared.
          </Empty>
        ) : (
          <>
            {latest.result.alerts.map((alert) => (
              <div key={alert.code} className="note warn" role="alert">
                <strong>{titles[alert.code]}</strong>
                <span>{alert.message}</span>
                <span className="small muted">since {time(alert.since)}</span>
              </div>
            ))}
            {latest.result.alerts.length === 0 && (
              <div className="note">
                <strong>Nothing to worry about</strong>
                <span className="muted">Looked at {ago(latest.at)}.</span>
              </div>
            )}
            {latest.result.retrainRunId && (
              <p>
                <Link to={`/runs/${latest.result.retrainRunId}`}>A training was started</Link>
              </p>
            )}
            {scored.length > 0 ? (
              <>
                {scored.length > 1 && (
                  <div className="columns">
                    <ChartCard title="WQL by cutoff" name={`${model}-wql`} csv={() => scoredRows(scored)}>
                      <Lines x={x} lines={accuracy} zone="UTC" label={`WQL of ${model} and of seasonal naive, by cutoff`} />
                    </ChartCard>
                    <ChartCard title="Coverage by cutoff" name={`${model}-coverage`} csv={() => scoredRows(scored)}>
                      <Lines
                        x={x}
                        lines={coverage}
                        zone="UTC"
                        bounds={[0, 1]}
                        label="Share of observations inside the 80 % interval, by cutoff"
                      />
                    </ChartCard>
                  </div>
                )}
                <Alerts model={model} results={results} />
                <ScoredTable model={model} scored={scored} />
              </>
            ) : (
              <p className="muted">No observation has come yet after the cutoff of a stored forecast.</p>
            )}
          </>
        )
      }
    </Await>
  );
}

/** Each alert when it was raised first, newest first; as long as it is repeated, it is one. */
function Alerts({ model, results }: { model: string; results: readonly { at: string; result: MonitorResult }[] }) {
  const raised = results.flatMap(({ at, result }, index) =>
    result.alerts
      .filter(({ code }) => !results[index + 1]?.result.alerts.some((before) => before.code === code))
      .map((alert) => ({ at, ...alert })),
  );
  if (raised.length === 0) return null;
  return (
    <ChartCard
      title="Alerts so far"
      name={`${model}-alerts`}
      png={false}
      csv={() => [['raised_at', 'code', 'since', 'message'], ...raised.map(({ at, code, since, message }) => [at, code, since, message])]}
    >
      <div className="table-scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th>Raised</th>
              <th>Alert</th>
              <th>What was seen</th>
              <th>Since</th>
            </tr>
          </thead>
          <tbody>
            {raised.map(({ at, code, since, message }) => (
              <tr key={`${at} ${code}`}>
                <td>{time(at)}</td>
                <td>{titles[code]}</td>
                <td>{message}</td>
                <td>{time(since)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </ChartCard>
  );
}

const scoredRows = (scored: readonly LiveScore[]): Cell[][] => [
  ['cutoff', 'run_id', 'version', 'series', 'wql', 'seasonal_naive_wql', 'mase', 'coverage_80', 'bias'],
  ...scored.map((score) => [
    score.cutoff,
    score.runId,
    score.version,
    score.series,
    score.wql,
    score.naiveWql,
    score.mase,
    score.coverage80,
    score.bias,
  ]),
];

function ScoredTable({ model, scored }: { model: string; scored: LiveScore[] }) {
  return (
    <ChartCard title="Scored forecasts" name={`${model}-scores`} png={false} csv={() => scoredRows(scored)}>
      <div className="table-scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th>Cutoff</th>
              <th className="number">Version</th>
              <th className="number">Series</th>
              <th className="number">WQL</th>
              <th className="number">Seasonal naive</th>
              <th className="number">MASE</th>
              <th className="number">in 80 %</th>
              <th className="number">Bias</th>
            </tr>
          </thead>
          <tbody>
            {scored.toReversed().map((score) => (
              <tr key={score.runId}>
                <td>
                  <Link to={`/runs/${score.runId}`}>{time(score.cutoff)}</Link>
                </td>
                <td className="number">{score.version}</td>
                <td className="number">{score.series}</td>
                <td className="number">{metric(score.wql)}</td>
                <td className="number">{metric(score.naiveWql)}</td>
                <td className="number">{metric(score.mase)}</td>
                <td className="number">{score.coverage80 === null ? '–' : `${(100 * score.coverage80).toFixed(1)} %`}</td>
                <td className="number">{score.bias === null ? '–' : `${(100 * score.bias).toFixed(1)} %`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </ChartCard>
  );
}
