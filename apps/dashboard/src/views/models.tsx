/** Models: the registry, and one model with its versions, their accuracy, lineage and names. */
import type { Model, ModelVersion } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { ago, metric, time } from '../app/format';
import { useCall } from '../app/queries';
import { useClient } from '../app/session';
import { Await, Empty, Failure, Page } from '../ui/parts';
import { Lineage } from './models/lineage';
import { ScoreTable } from './models/scoreTable';

export function Component() {
  const { model } = useParams();
  return model === undefined ? <Registry /> : <OneModel key={model} name={model} />;
}

function Registry() {
  const query = useCall('listModels', { query: { limit: 1000 } });
  return (
    <Page
      title="Models"
      about="What has been trained. The champion answers unless another version is asked for."
      actions={
        <Link className="button" to="/train">
          Train a model
        </Link>
      }
    >
      <Await query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              title="No model yet"
              action={
                <Link className="button primary" to="/train">
                  Train a model
                </Link>
              }
            >
              A training run puts its model here.
            </Empty>
          ) : (
            <div className="card table-scroll" tabIndex={0} style={{ padding: 0 }}>
              <table>
                <thead>
                  <tr>
                    <th>Model</th>
                    <th>Dataset</th>
                    <th className="number">Versions</th>
                    <th>Champion</th>
                    <th>Made</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((model) => (
                    <Row key={model.name} model={model} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Await>
    </Page>
  );
}

function Row({ model }: { model: Model }) {
  return (
    <tr>
      <td>
        <Link to={`/models/${encodeURIComponent(model.name)}`}>{model.name}</Link>
      </td>
      <td>
        <Link to={`/series/${encodeURIComponent(model.dataset)}`}>{model.dataset}</Link>
      </td>
      <td className="number">{model.latest}</td>
      <td>{model.champion === null ? 'none' : `version ${model.champion}`}</td>
      <td>{ago(model.createdAt)}</td>
    </tr>
  );
}

function OneModel({ name }: { name: string }) {
  const versions = useCall('listModelVersions', { params: { model: name }, query: { limit: 200 } });
  const [chosen, setChosen] = useState<number[]>([]);
  const choose = (version: number): void =>
    setChosen((before) => (before.includes(version) ? before.filter((other) => other !== version) : [...before, version].slice(-2)));
  return (
    <Page title={name} about={<Link to="/models">All models</Link>} actions={<Forecast name={name} />}>
      <Await query={versions}>
        {({ items }) => {
          const compared = items.filter((version) => chosen.includes(version.version));
          return (
            <>
              <section className="card table-scroll" tabIndex={0} style={{ padding: 0 }}>
                <table>
                  <thead>
                    <tr>
                      <th>
                        <span className="visually-hidden">Compare</span>
                      </th>
                      <th>Version</th>
                      <th>Kind</th>
                      <th className="number">WQL</th>
                      <th className="number">MASE</th>
                      <th className="number">WQL to seasonal naive</th>
                      <th className="number">Horizon</th>
                      <th>Made</th>
                      <th />
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((version) => (
                      <VersionRow
                        key={version.version}
                        version={version}
                        items={items}
                        chosen={chosen.includes(version.version)}
                        onChoose={() => choose(version.version)}
                      />
                    ))}
                  </tbody>
                </table>
              </section>
              <p className="small muted">Tick two versions to compare them.</p>
              {compared.length === 2 && <Comparison versions={compared as [ModelVersion, ModelVersion]} />}
              {(compared.length > 0 ? compared : items.slice(0, 1)).map((version) => (
                <section key={version.version} className="card stack">
                  <h2>Version {version.version}</h2>
                  {version.score && <ScoreTable scores={[version.score, ...version.baselines]} />}
                  <Lineage version={version} />
                </section>
              ))}
              <History name={name} />
            </>
          );
        }}
      </Await>
    </Page>
  );
}

function Forecast({ name }: { name: string }) {
  const client = useClient();
  const navigate = useNavigate();
  const ask = useMutation({
    mutationFn: () => client.call('forecast', { body: { model: name, attention: true } }),
    onSuccess: (run) => void navigate(`/runs/${run.id}`),
  });
  return (
    <>
      <button type="button" className="primary" disabled={ask.isPending} onClick={() => ask.mutate()}>
        Forecast now
      </button>
      {ask.error ? <Failure error={ask.error} /> : null}
    </>
  );
}

function VersionRow({
  version: v,
  items,
  chosen,
  onChoose,
}: {
  version: ModelVersion;
  items: ModelVersion[];
  chosen: boolean;
  onChoose: () => void;
}) {
  const [asking, setAsking] = useState(false);
  const champion = items.find((other) => other.aliases.includes('champion'));
  return (
    <>
      <tr>
        <td>
          <input type="checkbox" aria-label={`Compare version ${v.version}`} checked={chosen} onChange={onChoose} />
        </td>
        <td>
          <span className="row" style={{ gap: 6 }}>
            <Link to={`/runs/${v.runId}`}>{v.version}</Link>
            {v.aliases.map((alias) => (
              <span key={alias} className={`badge ${alias}`}>
                {alias}
              </span>
            ))}
          </span>
        </td>
        <td>{v.kind}</td>
        <td className="number">{metric(v.score?.metrics['wql'])}</td>
        <td className="number">{metric(v.score?.metrics['mase'])}</td>
        <td className="number">{v.wqlRatio === null ? '–' : `${v.wqlRatio.toFixed(3)} ×`}</td>
        <td className="number">{v.horizon}</td>
        <td>{ago(v.createdAt)}</td>
        <td>
          {!v.aliases.includes('champion') && (
            <button type="button" className="compact" aria-expanded={asking} onClick={() => setAsking(!asking)}>
              {champion && champion.version > v.version ? 'Roll back' : 'Promote'}
            </button>
          )}
        </td>
      </tr>
      {asking && (
        <tr>
          <td colSpan={9}>
            <Promotion version={v} champion={champion} onDone={() => setAsking(false)} />
          </td>
        </tr>
      )}
    </>
  );
}

/** A name is moved with the evidence in sight and a reason for the history. */
function Promotion({ version, champion, onDone }: { version: ModelVersion; champion: ModelVersion | undefined; onDone: () => void }) {
  const client = useClient();
  const cache = useQueryClient();
  const [reason, setReason] = useState('');
  const promote = useMutation({
    mutationFn: (alias: 'champion' | 'challenger') =>
      client.call('setModelAlias', { params: { model: version.model, alias }, body: { version: version.version, reason } }),
    onSuccess: async () => {
      await Promise.all(['listModelVersions', 'listAliasHistory', 'listModels'].map((key) => cache.invalidateQueries({ queryKey: [key] })));
      onDone();
    },
  });
  const change = (name: string): string => {
    const mine = version.score?.metrics[name];
    const its = champion?.score?.metrics[name];
    if (typeof mine !== 'number' || typeof its !== 'number' || its === 0) return 'not known';
    const percent = (100 * (mine - its)) / its;
    return `${Math.abs(percent).toFixed(1)} % ${percent <= 0 ? 'better' : 'worse'}`;
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        promote.mutate('champion');
      }}
    >
      {champion && (
        <p>
          Against version {champion.version}: WQL {change('wql')}, MASE {change('mase')}.
          {champion.lineage.datasetVersion !== version.lineage.datasetVersion && ' They were measured on different dataset versions.'}
        </p>
      )}
      <div className="row">
        <input
          style={{ maxWidth: 380 }}
          aria-label="Reason"
          placeholder="Reason, for the history"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <button type="submit" className="primary" disabled={promote.isPending}>
          Make version {version.version} champion
        </button>
        <button type="button" disabled={promote.isPending} onClick={() => promote.mutate('challenger')}>
          Challenger
        </button>
      </div>
      {promote.error ? <Failure error={promote.error} /> : null}
    </form>
  );
}

function Comparison({ versions: [newer, older] }: { versions: [ModelVersion, ModelVersion] }) {
  const rows: [string, (v: ModelVersion) => string][] = [
    ['Kind', (v) => v.kind],
    ['WQL', (v) => metric(v.score?.metrics['wql'])],
    ['MASE', (v) => metric(v.score?.metrics['mase'])],
    ['WQL to seasonal naive', (v) => metric(v.wqlRatio)],
    ['Horizon', (v) => String(v.horizon)],
    ['Dataset version', (v) => String(v.lineage.datasetVersion)],
    ['Seed', (v) => String(v.lineage.seed)],
    ['Engine', (v) => v.lineage.engine],
    ['Code', (v) => v.lineage.codeVersion],
  ];
  return (
    <section className="card">
      <h2>Side by side</h2>
      <div className="table-scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th />
              <th className="number">Version {older.version}</th>
              <th className="number">Version {newer.version}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, of]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number">{of(older)}</td>
                <td className="number">
                  {of(newer) === of(older) ? <span className="muted">{of(newer)}</span> : <strong>{of(newer)}</strong>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function History({ name }: { name: string }) {
  const query = useCall('listAliasHistory', { params: { model: name }, query: { limit: 100 } });
  if (!query.data || query.data.items.length === 0) return null;
  return (
    <section className="card">
      <h2>Who was champion when</h2>
      <div className="table-scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th>Name</th>
              <th className="number">Version</th>
              <th>From</th>
              <th>To</th>
              <th>Why</th>
            </tr>
          </thead>
          <tbody>
            {query.data.items.map((change) => (
              <tr key={`${change.alias} ${change.from}`}>
                <td>{change.alias}</td>
                <td className="number">{change.version}</td>
                <td>{time(change.from)}</td>
                <td>{change.to ? time(change.to) : 'now'}</td>
                <td>{change.reason || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
