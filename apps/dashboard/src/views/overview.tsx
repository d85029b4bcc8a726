/** The first page: what is due, what ran, how good the forecasts have been, and what is wrong. Where there is nothing yet, three doors. */
import type { Overview, OverviewModel } from '@almanac/contracts';
import { Link } from 'react-router';
import { seriesAddress } from '../app/address';
import { ago, count, metric, share, time } from '../app/format';
import { useCall } from '../app/queries';
import { useSession } from '../app/session';
import { Only } from '../ui/only';
import { Await, Fact, Page, Status } from '../ui/parts';
import { judged } from './answer/words';
import { alertTitles } from './monitoring/words';
import { Doors } from './overview/doors';

const REFRESH_MS = 15_000;

export function Component() {
  const { workspace } = useSession();
  const query = useCall('getOverview', {}, { refetchInterval: REFRESH_MS });
  return (
    <Page title="Overview" about={workspace && `What is due, what ran and how good the forecasts have been in “${workspace}”.`}>
      <Await query={query} height={420}>
        {(found) => (found.totals.datasets === 0 ? <Doors busy={found.week.running + found.week.queued > 0} /> : <Found found={found} />)}
      </Await>
    </Page>
  );
}

function Found({ found }: { found: Overview }) {
  const { totals, models, moreModels } = found;
  const alerting = models.filter(({ alerts }) => alerts.length > 0);
  return (
    <>
      {alerting.map(({ model, alerts }) => (
        <div key={model} className="note warn" role="alert">
          <strong>
            {model}: {alerts.map(({ code }) => alertTitles[code]).join('. ')}
          </strong>
          <span>{alerts[0]?.message}</span>
          <span>
            <Link to={`/monitoring?model=${encodeURIComponent(model)}`}>Look at the monitoring</Link>
          </span>
        </div>
      ))}
      <section className="card" aria-label="Totals">
        <dl className="facts">
          <Fact name="Datasets">
            <Link to="/datasets">{count(totals.datasets)}</Link>
          </Fact>
          <Fact name="Series">{count(totals.series)}</Fact>
          <Fact name="Observations">{count(totals.observations)}</Fact>
          <Fact name="Models">
            <Link to="/models">{count(totals.models)}</Link>
          </Fact>
          <Fact name="Schedules">
            <Link to="/schedules">{count(totals.schedules)}</Link>
          </Fact>
          <Fact name="Alerts">{count(models.reduce((sum, { alerts }) => sum + alerts.length, 0))}</Fact>
        </dl>
      </section>
      <div className="columns">
        <Due due={found.due} />
        <Ran found={found} />
      </div>
      {models.map((one) => (
        <Quality key={one.model} of={one} />
      ))}
      {moreModels > 0 && (
        <p className="small muted">
          {count(moreModels)} more {moreModels === 1 ? 'model is' : 'models are'} among <Link to="/models">the models</Link>: these need a
          look first.
        </p>
      )}
      {totals.models === 0 && (
        <section className="card stack">
          <h2>No model yet</h2>
          <p>The data are there. A model that is trained on them forecasts every series, and is judged on what it did not see.</p>
          <Only>
            <div className="row">
              <Link className="button primary" to="/train">
                Train a model
              </Link>
            </div>
          </Only>
        </section>
      )}
    </>
  );
}

function Due({ due }: { due: Overview['due'] }) {
  return (
    <section className="card stack">
      <h2>Due</h2>
      {due.length === 0 && (
        <p className="muted">
          Nothing: no schedule is on. <Link to="/schedules">A schedule</Link> forecasts, trains or scores by itself.
        </p>
      )}
      {due.map(({ schedule, action, dueAt, late }) => (
        <div key={schedule} className="row spread">
          <span>
            <Link to="/schedules">{schedule}</Link> <span className="muted">{action}</span>
          </span>
          <span className="small">
            {late ? <span className="badge bad">late</span> : null} {ago(dueAt)}, {time(dueAt)} UTC
          </span>
        </div>
      ))}
      {due.some(({ late }) => late) && (
        <p className="small muted">What is late was due some minutes ago and has not run: see whether a worker is up in the settings.</p>
      )}
    </section>
  );
}

function Ran({ found: { week, ran } }: { found: Overview }) {
  const said = (['succeeded', 'failed', 'cancelled', 'running', 'queued'] as const).flatMap((status) =>
    week[status] ? `${count(week[status])} ${status}` : [],
  );
  return (
    <section className="card stack">
      <h2>Ran</h2>
      <p className="small muted">{said.length > 0 ? `Within seven days: ${said.join(', ')}.` : 'Nothing within seven days.'}</p>
      {ran.map(({ id, kind, status, dataset, model, error, createdAt, finishedAt }) => (
        <div key={id} className="row spread">
          <span style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
            <Link to={`/runs/${id}`}>{kind}</Link> <span className="muted">{model ?? dataset}</span>
            {error !== null && <span className="small"> {error}</span>}
          </span>
          <span className="small row" style={{ gap: 8 }}>
            {ago(finishedAt ?? createdAt)} <Status status={status} />
          </span>
        </div>
      ))}
      <p className="small">
        <Link to="/runs">All runs</Link>
      </p>
    </section>
  );
}

/** In its band should lie four fifths; much less, or more, is worth a word. */
const BAND = 0.8;
const HAIR = 0.1;

function Quality({ of: { model, dataset, version, quality, monitoredAt } }: { of: OverviewModel }) {
  const at = `/series/${encodeURIComponent(dataset)}`;
  const ratio = typeof quality?.wql === 'number' && quality.naiveWql ? quality.wql / quality.naiveWql : null;
  const covered = quality?.coverage80 ?? null;
  return (
    <section className="card stack" aria-label={`How good ${model} has been`}>
      <div className="row spread card-head">
        <h2>
          <Link to={`/models/${encodeURIComponent(model)}`}>{model}</Link> <span className="muted small">version {version}</span>
        </h2>
        <Link className="button" to={quality?.basis === 'live' ? `${at}?run=${quality.runId}` : at}>
          Look at the forecasts
        </Link>
      </div>
      {quality ? (
        <p>
          {quality.basis === 'live' ? 'Its newest forecast that can be judged' : 'On the last steps, which training never saw'}:{' '}
          {judged(ratio, 'seasonal naive')} {covered !== null && `${share(covered)} of what came lay inside the 80 % band`}
          {covered === null
            ? ''
            : covered < BAND - HAIR
              ? ': the intervals are too narrow.'
              : covered > BAND + HAIR
                ? ': they are wide.'
                : '.'}
        </p>
      ) : (
        <p className="muted">Nothing has been judged yet.</p>
      )}
      {quality && quality.worst.length > 0 && (
        <div className="table-scroll" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th>Worst series</th>
                <th className="number">WQL</th>
                <th className="number">Seasonal naive</th>
                <th className="number">in 80 %</th>
              </tr>
            </thead>
            <tbody>
              {quality.worst.map((one) => (
                <tr key={one.uniqueId}>
                  <td>
                    <Link to={seriesAddress(at, one.uniqueId)}>{one.uniqueId}</Link>
                  </td>
                  <td className="number">{metric(one.wql)}</td>
                  <td className="number">{metric(one.naiveWql)}</td>
                  <td className="number">{share(one.coverage80)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="small muted">
        {monitoredAt ? `Monitoring looked at it ${ago(monitoredAt)}.` : 'Monitoring has not looked at it within thirty days.'}{' '}
        <Link to={`/monitoring?model=${encodeURIComponent(model)}`}>Monitoring</Link>
      </p>
    </section>
  );
}
