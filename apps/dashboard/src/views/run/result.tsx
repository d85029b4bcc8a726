/** What came of a run, by its kind. */
import {
  backtestResult,
  forecastResult,
  ingestResult,
  learnResult,
  searchResult,
  pullResult,
  type ReplayReport,
  type Run,
  trainResult,
  type TrainResult,
} from '@almanac/contracts';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { count, duration } from '../../app/format';
import { useCall } from '../../app/queries';
import { useClient } from '../../app/session';
import { save } from '../../ui/download';
import { Fact } from '../../ui/parts';
import { BacktestView } from '../backtests/result';
import { Choice } from '../models/choice';
import { Lineage } from '../models/lineage';
import { Verdict } from '../models/promotion';
import { ScoreTable } from '../models/scoreTable';
import { FindingsView } from '../upload/findings';
import { SearchView } from '../search/result';
import { Covariates, few } from './covariates';
import { PartialSteps } from './partialSteps';
import { Pulled } from './pulled';

export function Result({ run }: { run: Run }) {
  const client = useClient();
  if (run.status !== 'succeeded') return null;
  if (run.kind === 'train') {
    const result = trainResult.safeParse(run.result).data;
    if (!result) return null;
    return (
      <section className="card stack">
        <h2>
          <Link to={`/models/${encodeURIComponent(result.model)}?version=${result.version}`}>
            {result.model} version {result.version}
          </Link>
        </h2>
        <dl className="facts">
          <Fact name={`WQL to ${result.baseline || 'seasonal naive'}`}>
            {result.wqlRatio === null ? '–' : `${result.wqlRatio.toFixed(3)} ×`}
          </Fact>
          <Fact name="Training took">{duration(result.trainSeconds)}</Fact>
          <Fact name="Steps">{count(result.steps)}</Fact>
          <Fact name="Parameters">{count(result.parameters)}</Fact>
        </dl>
        {!result.beatsBaseline && (
          <div className="note warn">
            <strong>It does not beat {result.baseline || 'seasonal naive'}.</strong>
            <span>Prefer the baseline, give it more history, or train longer.</span>
          </div>
        )}
        {result.gate && <Verdict verdict={result.gate} />}
        <p className="small muted">
          Measured on the last {result.holdout.steps} steps of {count(result.holdout.series)} series, which training never saw.
        </p>
        <Scores result={result} />
        {result.choice && <Choice choice={result.choice} />}
        <Covariates report={result.covariates} />
        <PartialSteps steps={result.partialSteps} />
        {result.skippedSeries.length > 0 && (
          <details>
            <summary>{count(result.skippedSeries.length)} series were left out</summary>
            <ul>
              {result.skippedSeries.slice(0, 100).map((skipped) => (
                <li key={skipped.uniqueId}>
                  {skipped.uniqueId}: {skipped.reason}
                </li>
              ))}
            </ul>
          </details>
        )}
        <div className="row">
          <Link className="button primary" to={`/series/${encodeURIComponent(run.dataset ?? '')}`}>
            Look at the series
          </Link>
        </div>
        <RestsOn model={result.model} version={result.version} here="training" />
      </section>
    );
  }
  if (run.kind === 'forecast') {
    const result = forecastResult.safeParse(run.result).data;
    if (!result) return null;
    return (
      <section className="card stack">
        <p>
          {count(result.series)} series, {result.horizon} steps ahead, with {result.model} version {result.version}, in{' '}
          {duration(result.seconds)}.
        </p>
        {result.notes.map((note) => (
          <div className="note warn" key={`${note.code} ${note.detail}`}>
            <strong>
              {count(note.series)} series ({few(note.examples, note.series)})
            </strong>
            <span>{note.detail}</span>
          </div>
        ))}
        <div className="row">
          <Link className="button primary" to={`/series/${encodeURIComponent(run.dataset ?? '')}?run=${run.id}`}>
            Look at the series
          </Link>
          <button
            type="button"
            onClick={() =>
              void client
                .stream('latestForecastsCsv', { query: { runId: run.id } })
                .then(async (response) => save(await response.blob(), `forecast-${run.id}.csv`))
            }
          >
            Download CSV
          </button>
        </div>
        {result.replay && <Replayed report={result.replay} />}
        <RestsOn model={result.model} version={result.version} here={run.id} />
      </section>
    );
  }
  if (run.kind === 'backtest') {
    const result = backtestResult.safeParse(run.result).data;
    return result ? (
      <>
        <PartialSteps steps={result.partialSteps} />
        <BacktestView runId={run.id} dataset={run.dataset ?? ''} result={result} />
      </>
    ) : null;
  }
  if (run.kind === 'search') {
    const result = searchResult.safeParse(run.result).data;
    return result ? <SearchView runId={run.id} dataset={run.dataset ?? ''} result={result} /> : null;
  }
  if (run.kind === 'monitor') {
    return (
      <p>
        <Link to={`/monitoring?model=${encodeURIComponent(run.model ?? '')}`}>What monitoring found</Link>
      </p>
    );
  }
  if (run.kind === 'learn') {
    const result = learnResult.safeParse(run.result).data;
    return result ? (
      <>
        <p>
          {result.observations} observations of {result.series} series: {result.reason}.
        </p>
        <PartialSteps steps={result.partialSteps} />
      </>
    ) : null;
  }
  if (run.kind === 'pull') {
    const result = pullResult.safeParse(run.result).data;
    return result ? <Pulled result={result} /> : null;
  }
  const ingest = ingestResult.safeParse(run.result).data;
  return ingest ? (
    <section className="card">
      <FindingsView findings={ingest.findings} runId={run.id} />
    </section>
  ) : null;
}

function Scores({ result }: { result: TrainResult }) {
  const scores = useMemo(() => [result.score, ...result.baselines], [result]);
  return <ScoreTable scores={scores} />;
}

/** The lineage of the version that a run made or used, with the place of the run in it. */
function RestsOn({ model, version, here }: { model: string; version: number; here: string }) {
  const found = useCall('getModelVersion', { params: { model, version } }).data;
  return found ? <Lineage version={found} here={here} /> : null;
}

function Replayed({ report }: { report: ReplayReport }) {
  const same = report.differing.length === 0;
  return (
    <div className={same ? 'note' : 'note warn'}>
      <strong>
        {same
          ? `A replay of ${report.of.slice(0, 8)}: all ${count(report.compared)} series are the same, bit for bit.`
          : `A replay of ${report.of.slice(0, 8)}: ${count(report.differing.length)} of ${count(report.compared)} series differ, by at most ${report.largestDifference.toPrecision(3)}.`}
      </strong>
      {!report.sameEngine && <span>It ran on another engine, where small differences are to be expected.</span>}
      <Link to={`/runs/${report.of}`}>The forecast that was made again</Link>
    </div>
  );
}
