/** One run: how far it is, how training goes, how it ended and why. */
import { isFinished, type Run } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import { duration, time } from '../app/format';
import { useLiveRun } from '../app/live';
import { useCancel } from '../app/liveRuns';
import { useClient } from '../app/session';
import { Await, Fact, Failure, Page, runDetail, Status } from '../ui/parts';
import { searchAsAsked, trainingAsAsked } from './run/asAsked';
import { Curves } from './run/curves';
import { Result } from './run/result';
import { Only } from '../ui/only';

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
  search: 'Search',
  monitor: 'Monitoring',
  learn: 'Online learning',
  predict: 'Forecast',
  part: 'Part of a run',
  import: 'Import',
  pull: 'Reading for',
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
        <Only>
          {!isFinished(run.status) && (
            <button type="button" className="danger" disabled={cancel.isPending || cancel.isSuccess} onClick={() => cancel.mutate()}>
              {cancel.isSuccess ? 'Stopping at its next step' : 'Cancel'}
            </button>
          )}
          {(run.kind === 'train' || run.kind === 'search') && isFinished(run.status) && <Again run={run} />}
          {run.kind === 'forecast' && run.status === 'succeeded' && <Replay run={run} />}
        </Only>
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
          <Asked config={run.config} />
        </section>
      </div>
    </Page>
  );
}

/** What was asked for, without what was left as it is. */
function Asked({ config }: { config: Run['config'] }) {
  const entries = Object.entries(config).filter(
    ([, value]) => value !== null && JSON.stringify(value) !== '{}' && JSON.stringify(value) !== '[]',
  );
  const plain = entries.filter(([, value]) => typeof value !== 'object');
  const nested = entries.filter(([, value]) => typeof value === 'object');
  return (
    <>
      <dl className="facts">
        {plain.map(([name, value]) => (
          <Fact key={name} name={name}>
            {typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)}
          </Fact>
        ))}
      </dl>
      {nested.length > 0 && (
        <pre className="mono small" style={{ overflowX: 'auto', margin: '10px 0 0' }} tabIndex={0}>
          {JSON.stringify(Object.fromEntries(nested), null, 2)}
        </pre>
      )}
    </>
  );
}

/** Goes on with a training or search, or queues it anew; a failed one is thus tried again, a finished one repeated. */
function Again({ run }: { run: Run }) {
  const client = useClient();
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: (what: 'resume' | 'anew') => {
      if (what === 'resume') return client.call('resumeRun', { params: { runId: run.id } });
      if (run.kind === 'search') return client.call('search', { body: searchAsAsked(run.config) });
      return client.call('train', { body: trainingAsAsked(run.config) });
    },
    onSuccess: (next) => void navigate(`/runs/${next.id}`),
  });
  return (
    <>
      {run.status !== 'succeeded' && (
        <button
          type="button"
          className="primary"
          title={
            run.kind === 'search'
              ? 'With the trials that are done'
              : 'From the last state that was kept, with the same result as if it had never stopped'
          }
          disabled={again.isPending}
          onClick={() => again.mutate('resume')}
        >
          Resume
        </button>
      )}
      <button type="button" disabled={again.isPending} onClick={() => again.mutate('anew')}>
        {run.kind === 'search' ? 'Search again' : 'Train again'}
      </button>
      {again.error ? <Failure error={again.error} /> : null}
    </>
  );
}

/** Makes the forecast again from its lineage; the run that does so says what differs. */
function Replay({ run }: { run: Run }) {
  const client = useClient();
  const navigate = useNavigate();
  const replay = useMutation({
    mutationFn: () => client.call('replayForecast', { params: { runId: run.id } }),
    onSuccess: (next) => void navigate(`/runs/${next.id}`),
  });
  return (
    <>
      <button
        type="button"
        title="Makes the forecast again from its lineage, and reports every difference"
        disabled={replay.isPending}
        onClick={() => replay.mutate()}
      >
        Replay
      </button>
      {replay.error ? <Failure error={replay.error} /> : null}
    </>
  );
}
