/** What was deleted from this workspace: certificates, the newest first. */
import type { Erasure } from '@almanac/contracts';
import { ago, count, time } from '../../app/format';
import { useCall } from '../../app/queries';
import { type Column, DataTable } from '../../ui/dataTable';
import { Await, CutOff } from '../../ui/parts';

const columns: Column<Erasure>[] = [
  { id: 'name', title: 'Deleted', by: (one) => one.name, cell: (one) => `${one.kind} ${one.name}` },
  {
    id: 'rows',
    title: 'What went',
    className: 'small',
    cell: ({ rows, objects }) => {
      const parts = Object.entries(rows).filter(([, n]) => n > 0);
      const files = objects.filter(({ fate }) => fate === 'deleted').length;
      return [...parts.map(([what, n]) => `${count(n)} ${what}`), `${count(files)} files`].join(', ');
    },
  },
  {
    id: 'asked',
    title: 'Asked for',
    by: (one) => one.requestedAt,
    cell: (one) => <span title={time(one.requestedAt)}>{ago(one.requestedAt)}</span>,
  },
  {
    id: 'gone',
    title: 'Gone',
    by: (one) => one.completedAt,
    cell: (one) => (one.completedAt === null ? 'files are still to go' : <span title={time(one.completedAt)}>{ago(one.completedAt)}</span>),
  },
  { id: 'id', title: 'Certificate', className: 'small', cell: (one) => <span className="mono">{one.id}</span> },
];

export function Erasures() {
  const query = useCall('listErasures', { query: { limit: 100 } });
  return (
    <section className="card stack">
      <h2>Erasures</h2>
      <p className="muted">What is deleted goes everywhere: tables at once, files within an hour. Each deletion leaves a certificate.</p>
      <Await query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <p className="muted">Nothing was deleted yet.</p>
          ) : (
            <>
              <DataTable label="Erasures" rows={page.items} columns={columns} rowKey={(one) => one.id} />
              <CutOff page={page} rest="almanac erasures --limit lists more." />
            </>
          )
        }
      </Await>
    </section>
  );
}
