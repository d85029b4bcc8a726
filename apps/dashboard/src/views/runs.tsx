/** Runs: everything that takes longer than a request, newest first. */
import { type Run, runKind, runStatus } from '@almanac/contracts';
import { Link, useSearchParams } from 'react-router';
import { ago, duration } from '../app/format';
import { useCall } from '../app/queries';
import { Await, Empty, Page, runDetail, Status } from '../ui/parts';

export function Component() {
  const [address, setAddress] = useSearchParams();
  const kind = runKind.safeParse(address.get('kind')).data;
  const status = runStatus.safeParse(address.get('status')).data;
  const query = useCall('listRuns', { query: { kind, status, limit: 200 } }, { refetchInterval: 5000, keepPrevious: true });
  const choose = (name: string, value: string): void =>
    setAddress((before) => {
      if (value) before.set(name, value);
      else before.delete(name);
      return before;
    });
  return (
    <Page
      title="Runs"
      about="Uploads being read, trainings, forecasts and backtests."
      actions={
        <>
          <Choice label="Kind" all="All kinds" value={kind} options={runKind.options} onChange={(value) => choose('kind', value)} />
          <Choice
            label="Status"
            all="Any status"
            value={status}
            options={runStatus.options}
            onChange={(value) => choose('status', value)}
          />
        </>
      }
    >
      <Await query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={kind || status ? 'No run like that' : 'No run yet'} action={<Link to="/upload">Upload a file</Link>}>
              An upload is the first run.
            </Empty>
          ) : (
            <RunTable runs={items} />
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

export function RunTable({ runs }: { runs: Run[] }) {
  return (
    <div className="card table-scroll" tabIndex={0} style={{ padding: 0 }}>
      <table>
        <thead>
          <tr>
            <th>Run</th>
            <th>Status</th>
            <th>Dataset</th>
            <th>Model</th>
            <th>Queued</th>
            <th className="number">Took</th>
            <th>What happened</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td>
                <Link to={`/runs/${run.id}`}>{run.kind}</Link>
              </td>
              <td>
                <Status status={run.status} />
              </td>
              <td>{run.dataset ?? '–'}</td>
              <td>{run.model ?? '–'}</td>
              <td title={run.createdAt}>{ago(run.createdAt)}</td>
              <td className="number">
                {run.startedAt && run.finishedAt ? duration((Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000) : '–'}
              </td>
              <td className="small muted">
                {run.error?.detail ?? (run.status === 'running' || run.status === 'queued' ? runDetail(run) : '')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
