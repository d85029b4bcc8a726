/** Datasets: what has been uploaded, and one of them with its versions, how long it keeps observations, and its models. */
import type { Dataset, DatasetVersion } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useForm } from 'react-hook-form';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { ago, count, isSubDaily, time } from '../app/format';
import { useAll, useCall } from '../app/queries';
import { useClient } from '../app/session';
import { type Column, DataTable } from '../ui/dataTable';
import { Asking } from '../ui/confirm';
import { Await, Empty, Fact, Failure, Page } from '../ui/parts';
import { Sources } from './datasets/sources';
import { FindingsView } from './upload/findings';
import { Only } from '../ui/only';

export function Component() {
  const { dataset } = useParams();
  return dataset === undefined ? <All /> : <One key={dataset} name={dataset} />;
}

const all: Column<Dataset>[] = [
  { id: 'name', title: 'Dataset', by: (d) => d.name, cell: (d) => <Link to={`/datasets/${encodeURIComponent(d.name)}`}>{d.name}</Link> },
  { id: 'series', title: 'Series', number: true, by: (d) => d.seriesCount, cell: (d) => count(d.seriesCount) },
  { id: 'observations', title: 'Observations', number: true, by: (d) => d.observationCount, cell: (d) => count(d.observationCount) },
  { id: 'frequency', title: 'Frequency', by: (d) => d.frequency, cell: (d) => d.frequency },
  { id: 'zone', title: 'Time zone', by: (d) => d.timeZone, cell: (d) => d.timeZone },
  { id: 'end', title: 'Until', by: (d) => d.end, cell: (d) => time(d.end, d.timeZone, isSubDaily(d.frequency)) },
  { id: 'version', title: 'Version', number: true, by: (d) => d.version, cell: (d) => d.version },
  { id: 'updated', title: 'Changed', by: (d) => d.updatedAt, cell: (d) => <span title={time(d.updatedAt)}>{ago(d.updatedAt)}</span> },
];

function All() {
  const query = useAll('listDatasets', {});
  return (
    <Page
      title="Datasets"
      about="Each upload makes a version; models and forecasts name the one they rest on."
      actions={
        <Only>
          <Link className="button primary" to="/upload">
            Upload a file
          </Link>
        </Only>
      }
    >
      <Await query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No dataset yet">Upload a file of time series to make one.</Empty>
          ) : (
            <section className="card flush">
              <DataTable label="Datasets" rows={items} columns={all} rowKey={(dataset) => dataset.name} />
            </section>
          )
        }
      </Await>
      <Sources />
    </Page>
  );
}

function One({ name }: { name: string }) {
  const client = useClient();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const query = useCall('getDataset', { params: { dataset: name } });
  const remove = useMutation({
    mutationFn: () => client.call('deleteDataset', { params: { dataset: name }, ifMatch: query.data?.etag }),
    onSuccess: async () => {
      await navigate('/datasets');
      await cache.invalidateQueries();
    },
  });
  const path = encodeURIComponent(name);
  return (
    <Page
      title={name}
      about={<Link to="/datasets">All datasets</Link>}
      actions={
        <>
          <Asking
            label="Delete"
            compact={false}
            title={`Delete the dataset ${name}?`}
            act="Delete it"
            typed={name}
            disabled={remove.isPending}
            onAct={() => remove.mutate()}
          >
            Its series, models, forecasts, uploaded files and sources go at once; what went is listed under Settings. Runs stay.
          </Asking>
          <Only>
            <Link className="button" to={`/train?dataset=${path}`}>
              Train
            </Link>
            <Link className="button" to={`/series/${path}?look=`}>
              First look
            </Link>
            <Link className="button" to={`/upload?dataset=${path}`}>
              Add to it
            </Link>
          </Only>
          <Link className="button primary" to={`/series/${path}`}>
            Look at the series
          </Link>
        </>
      }
    >
      {remove.error ? <Failure error={remove.error} /> : null}
      <Await query={query}>
        {(dataset) => (
          <>
            <section className="card">
              <dl className="facts">
                <Fact name="Series">{count(dataset.seriesCount)}</Fact>
                <Fact name="Observations">{count(dataset.observationCount)}</Fact>
                <Fact name="Frequency">{dataset.frequency}</Fact>
                <Fact name="Seasons">{dataset.seasonLengths.join(', ') || 'none'}</Fact>
                {dataset.closures && (
                  <Fact name="Closed">
                    {dataset.closures.label}, {dataset.closures.days} days
                  </Fact>
                )}
                <Fact name="Time zone">{dataset.timeZone}</Fact>
                <Fact name="From">{time(dataset.start, dataset.timeZone, isSubDaily(dataset.frequency))}</Fact>
                <Fact name="To">{time(dataset.end, dataset.timeZone, isSubDaily(dataset.frequency))}</Fact>
              </dl>
              <Only>
                <Retention dataset={dataset} />
                <Seasons dataset={dataset} />
              </Only>
            </section>
            <Versions dataset={dataset} />
            <Sources dataset={name} />
            <Models dataset={name} />
          </>
        )}
      </Await>
    </Page>
  );
}

function Retention({ dataset }: { dataset: Dataset }) {
  const client = useClient();
  const cache = useQueryClient();
  const { register, handleSubmit, formState } = useForm({ values: { days: dataset.keepDays === null ? '' : String(dataset.keepDays) } });
  const set = useMutation({
    mutationFn: (keepDays: number | null) =>
      client.call('updateDataset', { params: { dataset: dataset.name }, body: { keepDays }, ifMatch: dataset.etag }),
    onSuccess: () => Promise.all(['getDataset', 'listDatasets'].map((key) => cache.invalidateQueries({ queryKey: [key] }))),
  });
  return (
    <form
      className="row"
      style={{ marginTop: 14 }}
      onSubmit={(event) => void handleSubmit(({ days }) => set.mutate(days.trim() === '' ? null : Number(days)))(event)}
    >
      <label htmlFor="keep-days">Keep observations for</label>
      <input
        id="keep-days"
        className="compact"
        style={{ width: 110 }}
        type="number"
        min={1}
        max={100_000}
        placeholder="ever"
        {...register('days')}
      />
      days
      <button type="submit" className="compact" disabled={!formState.isDirty || set.isPending}>
        Save
      </button>
      {set.error ? <Failure error={set.error} /> : null}
    </form>
  );
}

function Seasons({ dataset }: { dataset: Dataset }) {
  const client = useClient();
  const cache = useQueryClient();
  const { register, handleSubmit, formState } = useForm({ values: { steps: dataset.seasonLengths.join(', ') } });
  const set = useMutation({
    mutationFn: (steps: string) => {
      const seasonLength = steps.trim() === '' ? null : steps.split(',').map(Number);
      return client.call('updateDataset', { params: { dataset: dataset.name }, body: { seasonLength }, ifMatch: dataset.etag });
    },
    onSuccess: () => Promise.all(['getDataset', 'listDatasets'].map((key) => cache.invalidateQueries({ queryKey: [key] }))),
  });
  return (
    <form className="row" style={{ marginTop: 8 }} onSubmit={(event) => void handleSubmit(({ steps }) => set.mutate(steps))(event)}>
      <label htmlFor="season-lengths">Patterns come again after</label>
      <input
        id="season-lengths"
        className="compact"
        style={{ width: 110 }}
        pattern="\s*(\d+\s*(,\s*\d+\s*)*)?"
        title="Steps, with commas between; empty: those of the frequency"
        placeholder="that of the frequency"
        {...register('steps')}
      />
      steps
      <button type="submit" className="compact" disabled={!formState.isDirty || set.isPending}>
        Save
      </button>
      {set.error ? <Failure error={set.error} /> : null}
    </form>
  );
}

function Versions({ dataset }: { dataset: Dataset }) {
  const [address, setAddress] = useSearchParams();
  const query = useAll('listDatasetVersions', { params: { dataset: dataset.name } });
  const shown = Number(address.get('version'));
  const columns = useMemo(
    (): Column<DatasetVersion>[] => [
      {
        id: 'version',
        title: 'Version',
        by: (v) => v.version,
        cell: (v) => (
          <button
            type="button"
            className="quiet compact"
            aria-expanded={v.version === shown}
            aria-label={`Version ${v.version}`}
            onClick={() => setAddress(v.version === shown ? {} : { version: String(v.version) }, { replace: true })}
          >
            {v.version}
          </button>
        ),
      },
      { id: 'file', title: 'File', by: (v) => v.fileName, cell: (v) => v.fileName ?? 'rows that were posted, or given up' },
      {
        id: 'sha256',
        title: 'sha256',
        cell: (v) => (v.sha256 ? <code title={v.sha256}>{v.sha256.slice(0, 12)}</code> : '–'),
      },
      {
        id: 'read',
        title: 'Rows read',
        number: true,
        by: (v) => v.findings?.rowsRead,
        cell: (v) => (v.findings ? count(v.findings.rowsRead) : '–'),
      },
      {
        id: 'rejected',
        title: 'Rejected',
        number: true,
        by: (v) => v.findings?.rowsRejected,
        cell: (v) => (v.findings ? count(v.findings.rowsRejected) : '–'),
      },
      { id: 'made', title: 'Stored', by: (v) => v.createdAt, cell: (v) => <span title={time(v.createdAt)}>{ago(v.createdAt)}</span> },
    ],
    [shown, setAddress],
  );
  return (
    <section className="card">
      <h2>Versions</h2>
      <Await query={query} height={90}>
        {({ items }) => (
          <DataTable
            label="Versions of the dataset"
            rows={items}
            columns={columns}
            rowKey={(v) => String(v.version)}
            below={(v) =>
              v.version === shown &&
              (v.findings ? <FindingsView findings={v.findings} /> : <p className="muted">Nothing is known of how it was read.</p>)
            }
          />
        )}
      </Await>
    </section>
  );
}

function Models({ dataset }: { dataset: string }) {
  const models = useAll('listModels', {}).data?.items.filter((model) => model.dataset === dataset);
  if (!models || models.length === 0) return null;
  return (
    <section className="card">
      <h2>Models that learned from it</h2>
      <ul className="row plain" style={{ listStyle: 'none' }}>
        {models.map((model) => (
          <li key={model.name}>
            <Link to={`/models/${encodeURIComponent(model.name)}`}>{model.name}</Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
