/** The audit log: who did what to what, found, taken away and verified. */
import type { AuditEntry } from '@almanac/contracts';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useAddressState } from '../app/address';
import { ago, count, time } from '../app/format';
import { useRested } from '../app/rested';
import { useClient } from '../app/session';
import { type Column, DataTable } from '../ui/dataTable';
import { save } from '../ui/download';
import { Await, Empty, Failure, Page } from '../ui/parts';

const PAGE = 100;
const kinds = ['alias', 'apiKey', 'dataset', 'datasetVersion', 'erasure', 'model', 'modelVersion', 'run', 'schedule', 'sqlUser'];

export function Component() {
  const client = useClient();
  const [actor, keepActor] = useAddressState('actor');
  const [action, keepAction] = useAddressState('action');
  const [objectKind, keepKind] = useAddressState('kind');
  const [object, keepObject] = useAddressState('object');
  const wanted = useMemo(() => ({ actor, action, objectKind, object }), [actor, action, objectKind, object]);
  const filter = useRested(wanted, 300);
  const query = useInfiniteQuery({
    queryKey: ['listAudit', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => client.call('listAudit', { query: { ...filter, after: pageParam, limit: PAGE } }, signal),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const verify = useMutation({ mutationFn: () => client.call('verifyAudit', {}) });
  const take = useMutation({
    mutationFn: async (name: 'auditCsv' | 'auditLines') => {
      const answer = await client.stream(name, { query: filter });
      save(await answer.blob(), name === 'auditCsv' ? 'audit.csv' : 'audit.ndjson');
    },
  });
  const asked = Object.values(filter).some((one) => one !== undefined);
  return (
    <Page
      title="Audit log"
      about="Who did what to what. It is only ever added to; each entry holds the hash of the one before."
      actions={
        <>
          <button type="button" disabled={verify.isPending} onClick={() => verify.mutate()}>
            Verify
          </button>
          <button type="button" disabled={take.isPending} onClick={() => take.mutate('auditCsv')}>
            CSV
          </button>
          <button type="button" disabled={take.isPending} onClick={() => take.mutate('auditLines')}>
            JSON lines
          </button>
        </>
      }
    >
      {verify.data && <Verdict {...verify.data} />}
      {verify.error || take.error ? <Failure error={verify.error ?? take.error} /> : null}
      <div className="row" role="search" aria-label="Entries">
        <Wanted label="Who" value={actor} onChange={keepActor} />
        <Wanted label="Action" value={action} onChange={keepAction} />
        <select
          aria-label="Kind of object"
          style={{ width: 'auto' }}
          value={objectKind ?? ''}
          onChange={(event) => keepKind(event.target.value || undefined)}
        >
          <option value="">Any kind of object</option>
          {[...kinds, 'user', 'webhook', 'workspace'].map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
        <Wanted label="Object" value={object} onChange={keepObject} />
      </div>
      <Await query={{ ...query, data: query.data?.pages.flatMap(({ items }) => items) }}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={asked ? 'Nothing like that was done' : 'Nothing was done yet'}>Every change leaves an entry here.</Empty>
          ) : (
            <section className="card flush">
              <DataTable label="Entries" rows={items} columns={columns} rowKey={(entry) => String(entry.no)} />
              {query.hasNextPage && (
                <p className="under">
                  <button type="button" className="compact" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    Older entries
                  </button>
                </p>
              )}
            </section>
          )
        }
      </Await>
    </Page>
  );
}

function Wanted({ label, value, onChange }: { label: string; value: string | undefined; onChange: (value: string | undefined) => void }) {
  return (
    <input
      type="search"
      style={{ maxWidth: 200 }}
      aria-label={label}
      placeholder={label}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  );
}

function Verdict({
  intact,
  firstBroken,
  entries,
  head,
}: {
  intact: boolean;
  firstBroken: number | null;
  entries: number;
  head: string | null;
}) {
  return (
    <div className={`note ${intact ? 'good' : 'bad'}`} role="status">
      <strong>
        {intact ? `All ${count(entries)} entries are as they were written` : `Entry ${firstBroken} is not as it was written, or is gone`}
      </strong>
      {head && (
        <span className="small" style={{ overflowWrap: 'anywhere' }}>
          The last entry and its hash, to note elsewhere: <span className="mono">{head}</span>
        </span>
      )}
    </div>
  );
}

const columns: Column<AuditEntry>[] = [
  { id: 'no', title: 'No', number: true, cell: ({ no }) => no },
  { id: 'at', title: 'When', cell: ({ at }) => <span title={time(at)}>{ago(at)}</span> },
  { id: 'who', title: 'Who', cell: ({ actor }) => <Named {...actor} /> },
  { id: 'action', title: 'Did', cell: ({ action }) => action },
  { id: 'what', title: 'To', cell: ({ object }) => <Named {...object} /> },
  { id: 'changed', title: 'What changed', className: 'small', cell: (entry) => <Changes {...entry} /> },
  {
    id: 'from',
    title: 'From',
    className: 'small muted',
    cell: ({ address, requestId }) => <span title={requestId === null ? undefined : `request ${requestId}`}>{address ?? '–'}</span>,
  },
];

function Named({ kind, id, name }: { kind: string; id: string | null; name: string | null }) {
  return (
    <span title={id ?? undefined}>
      <span className="muted">{kind}</span> {name ?? id?.slice(0, 8)}
    </span>
  );
}

/** Of what was made or deleted the whole, folded up; of a change each value before and after. */
function Changes({ before, after }: Pick<AuditEntry, 'before' | 'after'>) {
  if (before === null && after === null) return '–';
  if (before === null || after === null)
    return (
      <details>
        <summary>{before === null ? 'made' : 'deleted'}</summary>
        <pre>{JSON.stringify(before ?? after, null, 2)}</pre>
      </details>
    );
  return (
    <>
      {Object.keys(after)
        .filter((key) => text(before[key]) !== text(after[key]) || before[key] === '(hidden)')
        .map((key) => (
          <div key={key}>
            {key}: <del>{text(before[key])}</del> → <ins>{text(after[key])}</ins>
          </div>
        ))}
    </>
  );
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));
