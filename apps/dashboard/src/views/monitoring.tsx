/** Monitoring: past forecasts beside what then happened, what has drifted, and what was done about it. */
import { type Alert, type LiveScore, type MonitorResult, monitorResult } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useAddressState } from '../app/address';
import { ago, axisPlace, metric, share, time } from '../app/format';
import { useAll, useCall } from '../app/queries';
import { useClient } from '../app/session';
import { Lines } from '../chart/lines';
import { ChartCard } from '../ui/chartCard';
import { type Column, DataTable } from '../ui/dataTable';
import type { Cell } from '../ui/download';
import { Await, CutOff, Empty, Failure, Page } from '../ui/parts';
import { StandInNote } from './models/standIn';
import { Webhooks } from './monitoring/webhooks';
import { alertTitles } from './monitoring/words';
import { PartialSteps } from './run/partialSteps';
import { Only } from '../ui/only';

export function Component() {
  const models = useAll('listModels', {});
  const [wanted, keep] = useAddressState('model');
  const chosen = wanted ?? models.data?.items[0]?.name;
  return (
    <Page
      title="Monitoring"
      about="Forecasts of the past, scored on what was observed since."
      actions={
        chosen !== undefined && (
          <>
            <select aria-label="Model" style={{ width: 'auto' }} value={chosen} onChange={(event) => keep(event.target.value)}>
              {models.data?.items.map((model) => (
                <option key={model.name}>{model.name}</option>
              ))}
            </select>
            <Only>
              <ScoreNow model={chosen} />
            </Only>
          </>
        )
      }
    >
      <Await query={models}>
        {() =>
          chosen === undefined ? (
            <Empty title="There is no model to watch yet">Train one first.</Empty>
          ) : (
            <>
              <StandInNote model={models.data?.items.find(({ name }) => name === chosen)} />
              <OneModel key={chosen} model={chosen} dataset={models.data?.items.find(({ name }) => name === chosen)?.dataset} />
            </>
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

function OneModel({ model, dataset }: { model: string; dataset: string | undefined }) {
  const info = useCall('getDataset', { params: { dataset: dataset ?? '' } }, { enabled: dataset !== undefined });
  const zone = info.data?.timeZone ?? 'UTC';
  const runs = useCall('listRuns', { query: { kind: 'monitor', status: 'succeeded', model, limit: 1000 } }, { refetchInterval: 10_000 });
  const results = useMemo(
    () =>
      (runs.data?.items ?? []).flatMap((run) => {
        const result = monitorResult.safeParse(run.result).data;
        return result ? [{ at: run.createdAt, result: { ...result, alerts: oneOfEach(result.alerts) } }] : [];
      }),
    [runs.data],
  );
  const scored = useMemo(() => newest(results.flatMap(({ result }) => result.scored)), [results]);
  const apart = useMemo(() => newest(results.flatMap(({ result }) => result.apart)), [results]);
  const x = useMemo(() => scored.map((score) => axisPlace(score.cutoff)), [scored]);
  const axis = typeof scored[0]?.cutoff === 'number' ? {} : { zone };
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
                <strong>{alertTitles[alert.code]}</strong>
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
            <PartialSteps steps={latest.result.partialSteps} />
            {latest.result.retrainRunId && (
              <p>
                <Link to={`/runs/${latest.result.retrainRunId}`}>A training was started</Link>
              </p>
            )}
            {scored.length > 0 ? (
              <>
                {scored.length > 1 && (
                  <div className="columns">
                    <Inputs model={model} results={results} />
                    <ChartCard title="WQL by cutoff" name={`${model}-wql`} csv={() => scoredRows(scored)}>
                      <Lines x={x} lines={accuracy} {...axis} label={`WQL of ${model} and of seasonal naive, by cutoff`} />
                    </ChartCard>
                    <ChartCard title="Coverage by cutoff" name={`${model}-coverage`} csv={() => scoredRows(scored)}>
                      <Lines
                        x={x}
                        lines={coverage}
                        {...axis}
                        bounds={[0, 1]}
                        label="Share of observations inside the 80 % interval, by cutoff"
                      />
                    </ChartCard>
                  </div>
                )}
                <Alerts model={model} results={results} />
                <CutOff page={runs.data} rest="They are the times at which this model was looked at; older ones are among the runs." />
                <ScoredTable model={model} scored={scored} zone={zone} dataset={dataset} />
              </>
            ) : (
              <p className="muted">
                {apart.length > 0
                  ? 'No observation has come yet that the forecasts’ model had not learned.'
                  : 'No observation has come yet after the cutoff of a stored forecast.'}
              </p>
            )}
            {apart.length > 0 && <ScoredTable model={model} scored={apart} zone={zone} dataset={dataset} apart />}
          </>
        )
      }
    </Await>
  );
}

/** One alert of each kind: what was seen last, since when it is so. */
function oneOfEach(alerts: readonly Alert[]): Alert[] {
  const kinds = Map.groupBy(alerts, ({ code }) => code);
  return [...kinds.values()].flatMap((same) => {
    const [first, last] = [same[0], same.at(-1)];
    return first && last ? [{ ...last, since: first.since }] : [];
  });
}

type Raised = Alert & { at: string };

const alertColumns: Column<Raised>[] = [
  { id: 'raised', title: 'Raised', by: ({ at }) => at, cell: ({ at }) => time(at) },
  { id: 'alert', title: 'Alert', by: ({ code }) => alertTitles[code], cell: ({ code }) => alertTitles[code] },
  { id: 'seen', title: 'What was seen', cell: ({ message }) => message },
  { id: 'since', title: 'Since', by: ({ since }) => since, cell: ({ since }) => time(since) },
];

/** Each alert when it was raised first, newest first; as long as it is repeated, it is one. */
function Alerts({ model, results }: { model: string; results: readonly { at: string; result: MonitorResult }[] }) {
  const raised = useMemo(
    () =>
      results.flatMap(({ at, result }, index) =>
        result.alerts
          .filter(({ code }) => !results[index + 1]?.result.alerts.some((before) => before.code === code))
          .map((alert): Raised => ({ at, ...alert })),
      ),
    [results],
  );
  if (raised.length === 0) return null;
  return (
    <ChartCard
      title="Alerts so far"
      name={`${model}-alerts`}
      png={false}
      csv={() => [['raised_at', 'code', 'since', 'message'], ...raised.map(({ at, code, since, message }) => [at, code, since, message])]}
    >
      <DataTable label="Alerts so far" rows={raised} columns={alertColumns} rowKey={({ at, code }) => `${at} ${code}`} />
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

/** A forecast may have been scored again when more had been observed; the newest score counts. By cutoff. @param scores newest first */
function newest(scores: readonly LiveScore[]): LiveScore[] {
  const byRun = new Map<string, LiveScore>();
  for (const score of scores) if (!byRun.has(score.runId)) byRun.set(score.runId, score);
  return [...byRun.values()].sort((a, b) => axisPlace(a.cutoff) - axisPlace(b.cutoff));
}

/** @param apart of forecasts at a cutoff before the end of what their model had learned */
function ScoredTable({
  model,
  scored,
  zone,
  dataset,
  apart = false,
}: {
  model: string;
  scored: LiveScore[];
  zone: string;
  dataset: string | undefined;
  apart?: boolean;
}) {
  const title = apart ? 'Scored apart: the model had learned what it forecast' : 'Scored forecasts';
  const rows = useMemo(() => scored.toReversed(), [scored]);
  const columns = useMemo(
    (): Column<LiveScore>[] => [
      {
        id: 'cutoff',
        title: 'Cutoff',
        by: (score) => score.cutoff,
        cell: (score) => <Link to={`/runs/${score.runId}`}>{time(score.cutoff, zone)}</Link>,
      },
      { id: 'version', title: 'Version', number: true, by: (score) => score.version, cell: (score) => score.version },
      { id: 'series', title: 'Series', number: true, by: (score) => score.series, cell: (score) => score.series },
      { id: 'wql', title: 'WQL', number: true, by: (score) => score.wql, cell: (score) => metric(score.wql) },
      { id: 'naive', title: 'Seasonal naive', number: true, by: (score) => score.naiveWql, cell: (score) => metric(score.naiveWql) },
      { id: 'mase', title: 'MASE', number: true, by: (score) => score.mase, cell: (score) => metric(score.mase) },
      { id: 'coverage', title: 'in 80 %', number: true, by: (score) => score.coverage80, cell: (score) => share(score.coverage80) },
      { id: 'bias', title: 'Bias', number: true, by: (score) => score.bias, cell: (score) => share(score.bias) },
      {
        id: 'look',
        title: 'Look at it',
        hidden: true,
        cell: (score) => dataset && <Link to={`/series/${encodeURIComponent(dataset)}?run=${score.runId}`}>Look at it</Link>,
      },
    ],
    [zone, dataset],
  );
  return (
    <ChartCard title={title} name={`${model}-scores${apart ? '-apart' : ''}`} png={false} csv={() => scoredRows(scored)}>
      <DataTable label={title} rows={rows} columns={columns} rowKey={(score) => score.runId} maxHeight={420} />
    </ChartCard>
  );
}

/** How far what comes has drifted from what the champion learned, run by run of the monitoring. */
function Inputs({ model, results }: { model: string; results: readonly { at: string; result: MonitorResult }[] }) {
  const seen = useMemo(
    () => results.flatMap(({ at, result }) => (result.inputs ? [{ at, ...result.inputs }] : [])).toReversed(),
    [results],
  );
  const x = useMemo(() => seen.map(({ at }) => Date.parse(at) / 1000), [seen]);
  const lines = useMemo(
    () => [
      { label: 'values', values: seen.map((one) => one.values) },
      { label: 'differences to a season before', values: seen.map((one) => one.differences) },
      { label: 'above it is drift', values: seen.map((one) => one.bound), dashed: true },
    ],
    [seen],
  );
  if (seen.length === 0) return null;
  return (
    <ChartCard
      title="Drift of the inputs"
      about="Population stability of what came since the champion learned, beside what it learned from, each time it was looked at."
      name={`${model}-input-drift`}
      csv={() => [
        ['at', 'version', 'values', 'differences', 'bound', 'drift'],
        ...seen.map((one) => [one.at, one.version, one.values, one.differences, one.bound, one.drift]),
      ]}
    >
      <Lines x={x} lines={lines} zone="UTC" label="Drift of the inputs by time of monitoring" />
    </ChartCard>
  );
}
