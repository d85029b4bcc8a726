/** One run: how far it is, how training goes, how it ended and why. */
import { backtestResult, forecastResult, ingestResult, learnResult, isFinished, type Run, trainResult } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import { count, duration, time } from '../app/format';
import { useLiveRun } from '../app/live';
import { ScoreTable } from './models/scoreTable';
import { useCancel } from '../app/liveRuns';
import { useClient } from '../app/session';
import { save } from '../ui/download';
import { Await, Failure, Page, runDetail, Status } from '../ui/parts';
import { BacktestView } from './backtests/result';
import { FindingsView } from './upload/findings';
import { Curves } from './run/curves';

export function Component() {
  const { runId = '' } = useParams();
  return (
    <Await query={useLiveRun(runId)} height={400}>
      {(run) => <RunView run={run} />}
    </Await>
  );
}

const verbs: Record<Run['kind'], string> = {
  ingest: 'Ingest',
  train: 'Training',
  forecast: 'Forecast',
  backtest: 'Backtest',
  monitor: 'Monitoring',
  learn: 'Online learning',
  predict: 'Forecast',
  part: 'Part of a run',
  import: 'Import',
};

function RunView({ run }: { run: Run }) {
  const cancel = useCancel(run.id);
  const fraction = run.progress?.fraction;
  return (
    <Page
      title={
        <span className="row">
          {verbs[run.kind]} {run.model ?? run.dataset} <Status status={run.status} />
        </span>
      }
      tab={`${verbs[run.kind]} ${run.model ?? run.dataset ?? ''}`.trim()}
      about={<span className="mono small">{run.id}</span>}
      actions={
        <>
          {!isFinished(run.status) && (
            <button type="button" className="danger" disabled={cancel.isPending || cancel.isSuccess} onClick={() => cancel.mutate()}>
              {cancel.isSuccess ? 'Stopping at its next step' : 'Cancel'}
            </button>
          )}
          {run.kind === 'train' && isFinished(run.status) && <TrainAgain run={run} />}
        </>
      }
    >
      {!isFinished(run.status) && (
        <section className="card stack" style={{ gap: 8 }}>
          <progress
            aria-label="Progress"
            max={1}
            {...(typeof fraction === 'number' ? { value: fraction } : run.status === 'queued' ? { value: 0 } : {})}
          />
          <span className="row spread small" role="status">
            <span>{runDetail(run)}</span>
            <span className="muted">{typeof fraction === 'number' && `${Math.floor(fraction * 100)} %`}</span>
          </span>
        </section>
      )}
      {run.error && (
        <div className="note bad" role="alert">
          <strong>{run.error.detail}</strong>
          {run.error.hint && <span>{run.error.hint}</span>}
          <span className="small muted">{run.error.code}</span>
        </div>
      )}
      {cancel.error ? <Failure error={cancel.error} /> : null}
      {run.kind === 'train' && <Curves run={run} />}
      <Result run={run} />
      <div className="columns">
        <section className="card">
          <h2>About this run</h2>
          <dl className="facts">
            <Fact name="Dataset">{run.dataset ? <Link to={`/series/${encodeURIComponent(run.dataset)}`}>{run.dataset}</Link> : '–'}</Fact>
            <Fact name="Queued">{time(run.createdAt)}</Fact>
            <Fact name="Started">{time(run.startedAt)}</Fact>
            <Fact name="Ended">{time(run.finishedAt)}</Fact>
            {run.startedAt && run.finishedAt && (
              <Fact name="Took">{duration((Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000)}</Fact>
            )}
            {run.engine && (
              <Fact name="Engine">
                {run.engine.name}, {run.engine.variant}, {run.engine.threads} threads
              </Fact>
            )}
          </dl>
          {run.engine && <p className="small muted">{run.engine.why}</p>}
        </section>
        <section className="card">
          <h2>Asked for</h2>
          <pre className="mono small" style={{ overflowX: 'auto', margin: 0 }} tabIndex={0}>
            {JSON.stringify(run.config, null, 2)}
          </pre>
        </section>
      </div>
    </Page>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Queues the same training anew; a failed one is thus tried again, a finished one repeated. */
function TrainAgain({ run }: { run: Run }) {
  const client = useClient();
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: (what: 'resume' | 'anew') => {
      if (what === 'resume') return client.call('resumeRun', { params: { runId: run.id } });
      const body = Object.fromEntries(Object.entries(run.config).filter(([key]) => key !== 'resumes'));
      return client.call('train', { body: body as never });
    },
    onSuccess: (next) => void navigate(`/runs/${next.id}`),
  });
  return (
    <>
      {run.status !== 'succeeded' && (
        <button
          type="button"
          className="primary"
          title="From the last state that was kept, with the same result as if it had never stopped"
          disabled={again.isPending}
          onClick={() => again.mutate('resume')}
        >
          Resume
        </button>
      )}
      <button type="button" disabled={again.isPending} onClick={() => again.mutate('anew')}>
        Train again
      </button>
      {again.error ? <Failure error={again.error} /> : null}
    </>
  );
}

function Result({ run }: { run: Run }) {
  const client = useClient();
  if (run.status !== 'succeeded') return null;
  if (run.kind === 'train') {
    const result = trainResult.safeParse(run.result).data;
    if (!result) return null;
    return (
      <section className="card stack">
        <h2>
          <Link to={`/models/${encodeURIComponent(result.model)}`}>
            {result.model} version {result.version}
          </Link>
        </h2>
        <dl className="facts">
          <Fact name="WQL to seasonal naive">{result.wqlRatio === null ? '–' : `${result.wqlRatio.toFixed(3)} ×`}</Fact>
          <Fact name="Training took">{duration(result.trainSeconds)}</Fact>
          <Fact name="Steps">{count(result.steps)}</Fact>
          <Fact name="Parameters">{count(result.parameters)}</Fact>
        </dl>
        {!result.beatsSeasonalNaive && (
          <div className="note warn">
            <strong>It does not beat seasonal naive.</strong>
            <span>Prefer the baseline, give it more history, or train longer.</span>
          </div>
        )}
        {result.gate && (
          <div className="note">
            <strong>{result.gate.promoted ? 'It beat the champion and took its place.' : 'The champion stays.'}</strong>
            <span>{result.gate.reason}</span>
          </div>
        )}
        <p className="small muted">
          Measured on the last {result.holdout.steps} steps of {count(result.holdout.series)} series, which training never saw.
        </p>
        <ScoreTable scores={[result.score, ...result.baselines]} />
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
        <div className="row">
          <Link className="button primary" to={`/series/${encodeURIComponent(run.dataset ?? '')}`}>
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
      </section>
    );
  }
  if (run.kind === 'backtest') {
    const result = backtestResult.safeParse(run.result).data;
    return result ? <BacktestView runId={run.id} dataset={run.dataset ?? ''} result={result} /> : null;
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
      <p>
        {result.observations} observations of {result.series} series: {result.reason}.
      </p>
    ) : null;
  }
  const ingest = ingestResult.safeParse(run.result).data;
  return ingest ? (
    <section className="card">
      <FindingsView findings={ingest.findings} runId={run.id} />
    </section>
  ) : null;
}
