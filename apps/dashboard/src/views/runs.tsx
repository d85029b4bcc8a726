/** Runs: everything that takes longer than a request, newest first. */
import { type Run, runKind, runStatus } from '@almanac/contracts';
import { Link } from 'react-router';
import { useAddressState } from '../app/address';
import { ago, duration, time } from '../app/format';
import { useCall } from '../app/queries';
import { type Column, DataTable } from '../ui/dataTable';
import { Await, CutOff, Empty, Page, runDetail, Status } from '../ui/parts';
import { Only } from '../ui/only';

/** Shown at a time. */
const MOST = 200;

export function Component() {
  const [wantedKind, keepKind] = useAddressState('kind');
  const [wantedStatus, keepStatus] = useAddressState('status');
  const kind = runKind.safeParse(wantedKind).data;
  const status = runStatus.safeParse(wantedStatus).data;
  const query = useCall('listRuns', { query: { kind, status, limit: MOST } }, { refetchInterval: 5000, keepPrevious: true });
  return (
    <Page
      title="Runs"
      about="Uploads being read, trainings, searches, forecasts and backtests."
      actions={
        <>
          <Choice label="Kind" all="All kinds" value={kind} options={runKind.options} onChange={(value) => keepKind(value || undefined)} />
          <Choice
            label="Status"
            all="Any status"
            value={status}
            options={runStatus.options}
            onChange={(value) => keepStatus(value || undefined)}
          />
        </>
      }
    >
      <Await query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty
              title={kind || status ? 'No run like that' : 'No run yet'}
              action={
                <Only>
                  <Link to="/upload">Upload a file</Link>
                </Only>
              }
            >
              An upload is the first run.
            </Empty>
          ) : (
            <section className="card flush">
              <DataTable label="Runs" rows={page.items} columns={columns} rowKey={(run) => run.id} />
              <CutOff page={page} rest="Choose a kind or a status to see others." />
            </section>
          )
        }
      </Await>
    </Page>
  );
}

function Choice({
  label,
  all,
  value,
  options,
  onChange,
}: {
  label: string;
  all: string;
  value: string | undefined;
  options: readonly string[];
  onChange: (value: string) => void;
}) {
  return (
    <select aria-label={label} style={{ width: 'auto' }} value={value ?? ''} onChange={(event) => onChange(event.target.value)}>
      <option value="">{all}</option>
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}

const columns: Column<Run>[] = [
  { id: 'kind', title: 'Run', by: (run) => run.kind, cell: (run) => <Link to={`/runs/${run.id}`}>{run.kind}</Link> },
  { id: 'status', title: 'Status', by: (run) => run.status, cell: (run) => <Status status={run.status} /> },
  { id: 'dataset', title: 'Dataset', by: (run) => run.dataset, cell: (run) => run.dataset ?? '–' },
  { id: 'model', title: 'Model', by: (run) => run.model, cell: (run) => run.model ?? '–' },
  {
    id: 'queued',
    title: 'Queued',
    by: (run) => run.createdAt,
    cell: (run) => <span title={time(run.createdAt)}>{ago(run.createdAt)}</span>,
  },
  {
    id: 'took',
    title: 'Took',
    number: true,
    by: tookOf,
    cell: (run) => {
      const took = tookOf(run);
      return took === undefined ? '–' : duration(took);
    },
  },
  {
    id: 'what',
    title: 'What happened',
    className: 'small muted',
    cell: (run) => run.error?.detail ?? (run.status === 'running' || run.status === 'queued' ? runDetail(run) : ''),
  },
];

function tookOf({ startedAt, finishedAt }: Run): number | undefined {
  return startedAt && finishedAt ? (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 : undefined;
}
