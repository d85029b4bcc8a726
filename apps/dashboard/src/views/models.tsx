/** Models: the registry, and one model with its versions, their accuracy, lineage and names. */
import type { AliasChange, Model, ModelVersion } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { useAddressState } from '../app/address';
import { ago, metric, time } from '../app/format';
import { useAll } from '../app/queries';
import { useClient } from '../app/session';
import { type Column, DataTable } from '../ui/dataTable';
import { Asking } from '../ui/confirm';
import { Await, Empty, Failure, Page } from '../ui/parts';
import { Comparison } from './models/comparison';
import { Promotion } from './models/promotion';
import { StandInNote } from './models/standIn';
import { VersionCard } from './models/versionCard';
import { Only } from '../ui/only';

export function Component() {
  const { model } = useParams();
  return model === undefined ? <Registry /> : <OneModel key={model} name={model} />;
}

const registry: Column<Model>[] = [
  { id: 'name', title: 'Model', by: (m) => m.name, cell: (m) => <Link to={`/models/${encodeURIComponent(m.name)}`}>{m.name}</Link> },
  {
    id: 'dataset',
    title: 'Dataset',
    by: (m) => m.dataset,
    cell: (m) => <Link to={`/datasets/${encodeURIComponent(m.dataset)}`}>{m.dataset}</Link>,
  },
  { id: 'versions', title: 'Versions', number: true, by: (m) => m.latest, cell: (m) => m.latest },
  {
    id: 'champion',
    title: 'Champion',
    by: (m) => m.champion,
    cell: (m) =>
      m.champion === null
        ? 'none'
        : `version ${m.champion}${m.standsIn ? ` (${m.standsIn.baseline}, stands in for version ${m.standsIn.for})` : ''}`,
  },
  { id: 'made', title: 'Made', by: (m) => m.createdAt, cell: (m) => <span title={time(m.createdAt)}>{ago(m.createdAt)}</span> },
];

function Registry() {
  const query = useAll('listModels', {});
  return (
    <Page
      title="Models"
      about="What has been trained. The champion answers unless another version is asked for."
      actions={
        <Only>
          <Link className="button" to="/search">
            Search settings
          </Link>
          <Link className="button" to="/train">
            Train a model
          </Link>
        </Only>
      }
    >
      <Await query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              title="No model yet"
              action={
                <Only>
                  <Link className="button primary" to="/train">
                    Train a model
                  </Link>
                </Only>
              }
            >
              A training run puts its model here.
            </Empty>
          ) : (
            <section className="card flush">
              <DataTable label="Models" rows={items} columns={registry} rowKey={(model) => model.name} />
            </section>
          )
        }
      </Await>
    </Page>
  );
}

/** Numbers of the address: `compare=2,1`. */
const numbersOf = (text: string | undefined): number[] =>
  (text ?? '')
    .split(',')
    .map(Number)
    .filter((one) => one > 0);

function OneModel({ name }: { name: string }) {
  const versions = useAll('listModelVersions', { params: { model: name } });
  const models = useAll('listModels', {});
  const [address] = useSearchParams();
  const [kept, keep] = useAddressState('compare');
  const compared = numbersOf(kept);
  const shown = Number(address.get('version'));
  const choose = (version: number): void => {
    const next = compared.includes(version) ? compared.filter((other) => other !== version) : [...compared, version].slice(-2);
    keep(next.length > 0 ? next.join(',') : undefined);
  };
  return (
    <Page
      title={name}
      about={<Link to="/models">All models</Link>}
      actions={
        <Only>
          <Actions name={name} etag={models.data?.items.find((one) => one.name === name)?.etag} />
        </Only>
      }
    >
      <Await query={versions}>
        {({ items }) => {
          const pair = items.filter(({ version }) => compared.includes(version));
          const one = items.find(({ version }) => version === shown);
          const newest = items[0];
          return (
            <>
              <StandInNote model={models.data?.items.find((one) => one.name === name)} />
              <Versions items={items} compared={compared} onChoose={choose} />
              {pair.length === 2 && <Comparison versions={pair as [ModelVersion, ModelVersion]} />}
              {(pair.length > 0 ? pair : one ? [one] : newest ? [newest] : []).map((version) => (
                <VersionCard key={version.version} version={version} only={items.length === 1} />
              ))}
              {items.length === 0 && <Empty title="It has no version left">Train it again, or delete it.</Empty>}
              <History name={name} />
            </>
          );
        }}
      </Await>
    </Page>
  );
}

function Versions({ items, compared, onChoose }: { items: ModelVersion[]; compared: number[]; onChoose: (version: number) => void }) {
  const [asking, setAsking] = useState<number>();
  const champion = items.find((other) => other.aliases.includes('champion'));
  const columns: Column<ModelVersion>[] = [
    {
      id: 'compare',
      title: 'Compare',
      hidden: true,
      cell: (v) => (
        <input
          type="checkbox"
          aria-label={`Compare version ${v.version}`}
          checked={compared.includes(v.version)}
          onChange={() => onChoose(v.version)}
        />
      ),
    },
    {
      id: 'version',
      title: 'Version',
      by: (v) => v.version,
      cell: (v) => (
        <span className="row" style={{ gap: 6 }}>
          <Link to={`?version=${v.version}`}>{v.version}</Link>
          {v.aliases.map((alias) => (
            <span key={alias} className={`badge ${alias}`}>
              {alias}
            </span>
          ))}
        </span>
      ),
    },
    { id: 'kind', title: 'Kind', by: (v) => v.kind, cell: (v) => v.kind },
    { id: 'wql', title: 'WQL', number: true, by: (v) => v.score?.metrics['wql'], cell: (v) => metric(v.score?.metrics['wql']) },
    { id: 'mase', title: 'MASE', number: true, by: (v) => v.score?.metrics['mase'], cell: (v) => metric(v.score?.metrics['mase']) },
    {
      id: 'ratio',
      title: 'WQL to baseline',
      number: true,
      by: (v) => v.wqlRatio,
      cell: (v) => (v.wqlRatio === null ? '–' : `${v.wqlRatio.toFixed(3)} ×`),
    },
    { id: 'horizon', title: 'Horizon', number: true, by: (v) => v.horizon, cell: (v) => v.horizon },
    { id: 'made', title: 'Made', by: (v) => v.createdAt, cell: (v) => <span title={time(v.createdAt)}>{ago(v.createdAt)}</span> },
    {
      id: 'promote',
      title: 'Promote',
      hidden: true,
      cell: (v) =>
        !v.aliases.includes('champion') && (
          <Only>
            <button
              type="button"
              className="compact"
              aria-expanded={asking === v.version}
              onClick={() => setAsking(asking === v.version ? undefined : v.version)}
            >
              {champion && champion.version > v.version ? 'Roll back' : 'Promote'}
            </button>
          </Only>
        ),
    },
  ];
  return (
    <section className="card flush">
      <DataTable
        label="Versions"
        rows={items}
        columns={columns}
        rowKey={(v) => String(v.version)}
        below={(v) => asking === v.version && <Promotion version={v} champion={champion} onDone={() => setAsking(undefined)} />}
      />
      <p className="small muted under">Tick two versions to compare them.</p>
    </section>
  );
}

function Actions({ name, etag }: { name: string; etag: string | undefined }) {
  const client = useClient();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const ask = useMutation({
    mutationFn: () => client.call('forecast', { body: { model: name, attention: true } }),
    onSuccess: (run) => void navigate(`/runs/${run.id}`),
  });
  const remove = useMutation({
    mutationFn: () => client.call('deleteModel', { params: { model: name }, ifMatch: etag }),
    onSuccess: async () => {
      await navigate('/models');
      await cache.invalidateQueries({ queryKey: ['listModels'] });
    },
  });
  return (
    <>
      <Asking
        label="Delete"
        compact={false}
        title={`Delete the model ${name}?`}
        act="Delete it"
        typed={name}
        disabled={remove.isPending}
        onAct={() => remove.mutate()}
      >
        All its versions go. What they forecast stays, and keeps the model from being deleted.
      </Asking>
      <button type="button" className="primary" disabled={ask.isPending} onClick={() => ask.mutate()}>
        Forecast now
      </button>
      {(ask.error ?? remove.error) ? <Failure error={ask.error ?? remove.error} /> : null}
    </>
  );
}

const changes: Column<AliasChange>[] = [
  { id: 'alias', title: 'Name', by: (one) => one.alias, cell: (one) => one.alias },
  {
    id: 'version',
    title: 'Version',
    number: true,
    by: (one) => one.version,
    cell: (one) => <Link to={`?version=${one.version}`}>{one.version}</Link>,
  },
  { id: 'from', title: 'From', by: (one) => one.from, cell: (one) => time(one.from) },
  { id: 'to', title: 'To', by: (one) => one.to, cell: (one) => (one.to ? time(one.to) : 'now') },
  {
    id: 'why',
    title: 'Why',
    cell: (one) =>
      one.rollback ? (
        <>
          <span className="badge">rollback</span> {one.reason}
        </>
      ) : (
        one.reason || '–'
      ),
  },
];

function History({ name }: { name: string }) {
  const query = useAll('listAliasHistory', { params: { model: name } });
  if (!query.data || query.data.items.length === 0) return null;
  return (
    <section className="card">
      <h2>Who was champion when</h2>
      <DataTable label="History of the names" rows={query.data.items} columns={changes} rowKey={(one) => `${one.alias} ${one.from}`} />
    </section>
  );
}
