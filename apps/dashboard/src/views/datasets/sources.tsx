/** Sources: where datasets get their rows from by themselves, what came of the last reading, and a reading now. */
import type { Source } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { ago, time } from '../../app/format';
import { useAll } from '../../app/queries';
import { useClient } from '../../app/session';
import { Asking } from '../../ui/confirm';
import { Only } from '../../ui/only';
import { Await, Failure } from '../../ui/parts';
import { NewSource } from './newSource';
import { useSourcesChanged } from './sourcesChanged';

/** @param dataset only those of it; all unless given */
export function Sources({ dataset }: { dataset?: string }) {
  const query = useAll('listSources', { query: { dataset } }, { refetchInterval: 10_000 });
  const [making, setMaking] = useState(false);
  return (
    <section className="card stack">
      <div className="row spread">
        <div>
          <h2>Sources</h2>
          <p className="small muted">A database, a file or a bucket that is read by itself, like an upload.</p>
        </div>
        <Only>
          <button type="button" aria-expanded={making} onClick={() => setMaking(!making)}>
            New source
          </button>
        </Only>
      </div>
      {making && <NewSource dataset={dataset} onDone={() => setMaking(false)} />}
      <Await query={query} height={40}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">No source yet. Rows come by uploads{dataset === undefined ? '' : ' and appends'} only.</p>
          ) : (
            items.map((source) => <OneSource key={source.id} source={source} named={dataset === undefined} />)
          )
        }
      </Await>
    </section>
  );
}

const placeOf = ({ from }: Source): string => (from.kind === 's3' ? `${from.bucket}/${from.prefix} (S3)` : from.url);

function OneSource({ source, named }: { source: Source; named: boolean }) {
  const client = useClient();
  const changed = useSourcesChanged();
  const params = { source: source.name };
  const act = useMutation({
    mutationFn: async (what: 'read' | 'all' | 'delete') => {
      if (what === 'delete') await client.call('deleteSource', { params, ifMatch: source.etag });
      else await client.call('pullSource', { params, body: { full: what === 'all' } });
    },
    onSuccess: changed,
  });
  const dataset = source.options.dataset;
  return (
    <div className="stack entry" style={{ gap: 8 }}>
      <div className="row spread">
        <div style={{ minWidth: 0 }}>
          <h3>{source.name}</h3>
          <p className="small muted" style={{ overflowWrap: 'anywhere' }}>
            {placeOf(source)}
            {named && (
              <>
                {' → '}
                {source.storedAt === null ? dataset : <Link to={`/datasets/${encodeURIComponent(dataset)}`}>{dataset}</Link>}
              </>
            )}
          </p>
        </div>
        <div className="row">
          <Only>
            <button type="button" className="compact" disabled={act.isPending} onClick={() => act.mutate('read')}>
              Read now
            </button>
          </Only>
          <Asking
            label="Read everything"
            title="Read everything again?"
            act="Read it"
            disabled={act.isPending}
            onAct={() => act.mutate('all')}
          >
            Whatever has been read before is read again. Steps that are there already are corrected, not doubled.
          </Asking>
          <Asking
            label="Delete"
            title={`Delete the source ${source.name}?`}
            act="Delete it"
            disabled={act.isPending}
            onAct={() => act.mutate('delete')}
          >
            What was stored of it stays. Schedules that read it fail until they are deleted.
          </Asking>
        </div>
      </div>
      <p className="small">
        <Last source={source} />
        {source.watermark !== null && <> Stored up to {source.watermark}.</>}
        {source.storedAt !== null && (
          <>
            {' '}
            Stored <span title={time(source.storedAt)}>{ago(source.storedAt)}</span>.
          </>
        )}
      </p>
      {source.from.kind === 'postgres' && (
        <details>
          <summary className="small">Query</summary>
          <pre className="mono small" style={{ margin: 0, overflowX: 'auto' }} tabIndex={0}>
            {source.from.query}
          </pre>
        </details>
      )}
      {act.error ? <Failure error={act.error} /> : null}
    </div>
  );
}

/** What came of the last reading. */
function Last({ source: { last } }: { source: Source }) {
  if (last === null) return <>Never read.</>;
  const run = <Link to={`/runs/${last.runId}`}>Read {ago(last.at)}</Link>;
  const stored = last.ingestRunIds.at(-1);
  if (last.status === 'failed' || last.status === 'cancelled')
    return (
      <>
        {run} <span className="badge bad">{last.status}</span> {last.error?.detail}
      </>
    );
  if (last.status !== 'succeeded')
    return (
      <>
        {run} <span className="badge live">being read</span>
      </>
    );
  if (last.ingestsFailed > 0)
    return (
      <>
        {run} <span className="badge bad">refused</span> <Link to={`/runs/${stored}`}>What was wrong</Link>.
      </>
    );
  if (last.ingestsOpen > 0)
    return (
      <>
        {run} <span className="badge live">being stored</span>
      </>
    );
  if (last.outcome === 'nothingNew') return <>{run}: nothing new.</>;
  if (last.outcome === 'busy') return <>{run}: what was read before was still being stored.</>;
  return (
    <>
      {run} <span className="badge good">stored</span> {stored && <Link to={`/runs/${stored}`}>Findings</Link>}.
    </>
  );
}
