/**
 * The answer to a file: the forecast of its series, and how far to trust it. Training, forecast and the check in the past are runs of their
 * own, named in the address; the page shows each as it comes, so that it can be left and opened again.
 */
import { backtestResult, DEFAULT_KIND, forecastResult, isFinished, type Run, trainResult } from '@almanac/contracts';
import { type ReactNode, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { seriesAddress } from '../app/address';
import { count, isSubDaily, share } from '../app/format';
import { useLiveRun } from '../app/live';
import { useCall } from '../app/queries';
import { ForecastChart } from '../chart/forecastChart';
import { Await, Empty, Fact, Page, runDetail, Skeleton, Status } from '../ui/parts';
import { VersionSeries } from './backtests/bySeries';
import { useHistory } from './explorer/history';
import { ScoreTable } from './models/scoreTable';
import { Unchecked } from './answer/check';
import { Covariates } from './run/covariates';
import { bestSeasonal, judged, ratioTo } from './answer/words';
import { stepWord } from './upload/words';

export function Component() {
  const [address] = useSearchParams();
  const [train, backtest] = ['train', 'backtest'].map((name) => address.get(name) ?? undefined);
  if (train === undefined)
    return (
      <Empty title="Nothing was asked for" action={<Link to="/upload">Upload a file</Link>}>
        The address names no training.
      </Empty>
    );
  return <Answer trainId={train} backtestId={backtest} />;
}

function Answer({ trainId, backtestId }: { trainId: string; backtestId: string | undefined }) {
  const training = useLiveRun(trainId);
  const checking = useLiveRun(backtestId);
  const trained = trainResult.safeParse(training.data?.result).data;
  const forecasting = useLiveRun(trained?.forecastRunId);
  const checked = backtestResult.safeParse(checking.data?.result).data;
  const made = forecastResult.safeParse(forecasting.data?.result).data;
  const name = training.data?.dataset ?? undefined;
  const dataset = useCall('getDataset', { params: { dataset: name ?? '' } }, { enabled: name !== undefined }).data;
  const of = name ?? 'your series';
  const unit = dataset ? stepWord(dataset.frequency) : 'steps';
  const season = dataset?.seasonLengths[0];
  const seasonal = trained && bestSeasonal(trained.baselines);
  const [ratio, beside] = trained && seasonal ? [ratioTo(trained.score, seasonal), seasonal] : [trained?.wqlRatio ?? null, undefined];
  const over = [training, forecasting, checking].every(({ data }) => data === undefined || isFinished(data.status));
  const steps = (
    <Await query={training}>
      {(run) => (
        <section className="card" aria-label="What is being done" aria-live="polite">
          <Step title="Train the automatic model" run={run} />
          <Step
            title="Forecast every series"
            run={forecasting.data}
            waits={run.status !== 'failed' && run.status !== 'cancelled' && !(trained && !trained.forecastRunId)}
          />
          <Step title="Check it against the past" run={checking.data} waits={backtestId !== undefined}>
            {backtestId === undefined && <Unchecked training={run} />}
          </Step>
        </section>
      )}
    </Await>
  );
  return (
    <Page
      title={made ? `Forecast of ${of}` : `Forecasting ${of}`}
      tab={`Forecast of ${of}`}
      about={
        trained &&
        `On the last ${count(trained.holdout.steps)} ${unit}, which training never saw: ${judged(ratio, beside?.label ?? trained.baseline, unit)}`
      }
    >
      {!(made && over) && steps}
      {made && trained && made.version !== trained.version && (
        <div className="note warn">
          <strong>
            The forecast is made by version {made.version}, which is champion; what is said here of errors is of version {trained.version}.
          </strong>
          <span>
            {made.model} had a champion already, and a training does not take its place. Compare the two, and promote the better one, on{' '}
            <Link to={`/models/${encodeURIComponent(made.model)}?compare=${made.version},${trained.version}`}>the page of the model</Link>.
          </span>
        </div>
      )}
      {trained && <Covariates report={trained.covariates} />}
      {made?.notes.map((note) => (
        <div className="note warn" key={`${note.code} ${note.detail}`}>
          <strong>
            {count(note.series)} of {count(made.series)} series: {note.examples.slice(0, 3).join(', ')}
            {note.series > 3 ? ' …' : ''}
          </strong>
          <span>{note.detail}</span>
        </div>
      ))}
      {made && dataset && trained?.forecastRunId && <Forecasted dataset={dataset} runId={trained.forecastRunId} />}
      {(trained || checked) && (
        <section className="card stack" aria-label="How far to trust it">
          <h2>How far to trust it</h2>
          {checked && (
            <p>
              At {count(checked.windows.length)} times in the past, forecast as if nothing later were known:{' '}
              {judged(
                checked.models.find(({ score }) => score.kind === (trained?.score.kind ?? DEFAULT_KIND))?.wqlRatio ?? null,
                season ? `seasonal naive (${season})` : 'seasonal naive',
                unit,
              )}
            </p>
          )}
          {trained && trained.baseline !== '' && trained.baseline !== beside?.label && (
            <p>Beside the simple forecast that did best in training: {judged(trained.wqlRatio, trained.baseline, unit)}</p>
          )}
          {trained && (
            <dl className="facts">
              <Fact name="Of what came, inside the 80 % band">{share(trained.score.metrics['coverage80'])}</Fact>
              <Fact name="Series judged">{count(trained.holdout.series)}</Fact>
              <Fact name="Series left out">{count(trained.skippedSeries.length)}</Fact>
            </dl>
          )}
          {trained && <ScoreTable scores={[trained.score, ...trained.baselines]} />}
          {trained && trained.skippedSeries.length > 0 && (
            <details>
              <summary>Series that were left out, and why</summary>
              <ul>
                {trained.skippedSeries.slice(0, SHOWN).map(({ uniqueId, reason }) => (
                  <li key={uniqueId}>
                    {uniqueId}: {reason}
                  </li>
                ))}
              </ul>
              {trained.skippedSeries.length > SHOWN && (
                <p className="small muted">Only the first {SHOWN} are shown; the run has them all.</p>
              )}
            </details>
          )}
          <div className="row">
            {trained && (
              <Link to={`/models/${encodeURIComponent(trained.model)}?version=${trained.version}`}>
                The model {trained.model}, version {trained.version}
              </Link>
            )}
            {checked && <Link to={`/runs/${backtestId}`}>The whole check</Link>}
          </div>
        </section>
      )}
      {trained && <Version model={trained.model} version={trained.version} />}
      {made && over && steps}
    </Page>
  );
}

/** Series that were left out, by name. */
const SHOWN = 100;

interface StepProps {
  title: string;
  run: Run | undefined;
  /** It is still to come. */
  waits?: boolean;
  children?: ReactNode;
}

function Step({ title, run, waits = false, children }: StepProps) {
  const fraction = run?.progress?.fraction;
  return (
    <div className="entry step">
      <div className="row spread">
        <strong>{title}</strong>
        {run ? (
          <Link to={`/runs/${run.id}`}>
            <Status status={run.status} />
          </Link>
        ) : (
          <span className="badge">{waits ? 'to come' : 'not made'}</span>
        )}
      </div>
      {run && !isFinished(run.status) && (
        <>
          <progress
            aria-label={title}
            max={1}
            {...(typeof fraction === 'number' ? { value: fraction } : run.status === 'queued' ? { value: 0 } : {})}
          />
          <span className="small muted">{runDetail(run)}</span>
        </>
      )}
      {run?.error && (
        <div className="note bad" role="alert">
          <strong>{run.error.detail}</strong>
          {run.error.hint && <span>{run.error.hint}</span>}
          <span className="small muted">{run.error.code}</span>
        </div>
      )}
      {children}
    </div>
  );
}

/** One series at a time, the first to begin with. */
function Forecasted({ dataset, runId }: { dataset: Parameters<typeof useHistory>[0]; runId: string }) {
  const few = useCall('listSeries', { params: { dataset: dataset.name }, query: { limit: 50 } });
  const ids = few.data?.items.filter(({ length }) => length > 0).map(({ uniqueId }) => uniqueId) ?? [];
  const [chosen, setChosen] = useState<string>();
  const uniqueId = chosen ?? ids[0];
  return (
    <section className="card stack">
      <div className="row spread card-head">
        <h2>Forecast</h2>
        <div className="row">
          {ids.length > 1 && (
            <select
              aria-label="Series"
              style={{ width: 'auto', maxWidth: 240 }}
              value={uniqueId}
              onChange={({ target }) => setChosen(target.value)}
            >
              {ids.map((id) => (
                <option key={id}>{id}</option>
              ))}
            </select>
          )}
          <Link className="button primary" to={`/series/${encodeURIComponent(dataset.name)}?run=${runId}`}>
            Look at every series
          </Link>
        </div>
      </div>
      {uniqueId === undefined ? <Skeleton height={420} /> : <Chart key={uniqueId} dataset={dataset} uniqueId={uniqueId} runId={runId} />}
      {uniqueId !== undefined && (
        <p className="small">
          <Link to={seriesAddress(`/series/${encodeURIComponent(dataset.name)}`, uniqueId)}>All about {uniqueId}</Link>
        </p>
      )}
    </section>
  );
}

function Chart({ dataset, uniqueId, runId }: { dataset: Parameters<typeof useHistory>[0]; uniqueId: string; runId: string }) {
  const history = useHistory(dataset, uniqueId, undefined);
  const forecast = useCall('latestForecasts', { query: { dataset: dataset.name, uniqueId, runId, limit: 1 } }).data?.items[0];
  return (
    <Await query={history} height={420}>
      {(observed) => (
        <ForecastChart
          history={observed}
          forecast={forecast}
          zone={dataset.timeZone}
          withTime={isSubDaily(dataset.frequency)}
          height={340}
          label={`${uniqueId}: history and forecast`}
        />
      )}
    </Await>
  );
}

function Version({ model, version }: { model: string; version: number }) {
  const found = useCall('getModelVersion', { params: { model, version } }).data;
  return found ? <VersionSeries version={found} /> : null;
}
