/** One series: its chart, what the forecast says, how it fared where time has passed, and the ways to take it away. */
import { ApiError, type Dataset, type Forecast, type Observations } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import type uPlot from 'uplot';
import { count, isSubDaily, shortTime, time, value } from '../../app/format';
import { useCall } from '../../app/queries';
import { useClient } from '../../app/session';
import { colour } from '../../app/theme';
import { atLevel, hindsight } from '../../chart/forecastData';
import { ForecastChart } from '../../chart/forecastChart';
import { clampWindow } from '../../chart/panZoom';
import { type Cell, save, saveCsv, savePng } from '../../ui/download';
import { Failure, Skeleton } from '../../ui/parts';
import { Changes, useMarks } from './marks';

const MAX_POINTS = 100_000;

export function SeriesView({ dataset, uniqueId }: { dataset: Dataset; uniqueId: string }) {
  const client = useClient();
  const [address, setAddress] = useSearchParams();
  const runId = address.get('run') ?? undefined;
  const history = useCall(
    'getObservations',
    { params: { dataset: dataset.name, uniqueId }, query: { maxPoints: MAX_POINTS } },
    { keepPrevious: true },
  );
  const forecasts = useCall(
    'latestForecasts',
    { query: { dataset: dataset.name, uniqueId, limit: 10, ...(runId ? { runId } : {}) } },
    { keepPrevious: true },
  );
  const runs = useCall('listRuns', { query: { kind: 'forecast', dataset: dataset.name, status: 'succeeded', limit: 50 } });
  const forecast = forecasts.data?.items[0];
  const versions = useCall(
    'listModelVersions',
    { params: { model: forecast?.model ?? '' }, query: { limit: 1000 } },
    { enabled: forecast !== undefined },
  );
  const version = versions.data?.items.find((candidate) => candidate.version === forecast?.version);
  const plot = useRef<uPlot>(null);
  const { marks, controls, changes } = useMarks(dataset, uniqueId);
  const keepPlot = useCallback((made: uPlot) => {
    plot.current = made;
  }, []);
  const withTime = isSubDaily(dataset.frequency);
  const showChange = (ds: string): void => {
    const made = plot.current;
    const x = made?.data[0];
    if (!made || !x || x.length === 0) return;
    const { min, max } = made.scales['x'] as { min: number; max: number };
    const centre = Date.parse(ds) / 1000;
    made.setScale('x', clampWindow(centre - (max - min) / 2, centre + (max - min) / 2, { min: x[0] ?? min, max: x.at(-1) ?? max }));
    made.root.scrollIntoView({ block: 'nearest' });
  };
  const csv = useMutation({
    mutationFn: async () => {
      const query = { dataset: dataset.name, uniqueId, ...(forecast ? { runId: forecast.runId } : {}) };
      const response = await client.stream('latestForecastsCsv', { query });
      save(await response.blob(), `${dataset.name}-${uniqueId}.csv`);
    },
  });
  const fared = hindsight(history.data, forecast);

  if (history.error instanceof ApiError && !history.data) return <Failure error={history.error} retry={() => void history.refetch()} />;
  return (
    <>
      <header className="row spread">
        <div>
          <h1>{uniqueId}</h1>
          <p className="muted small">
            {dataset.name}
            {history.data && ` · ${count(history.data.ds.length)} ${history.data.downsampled ? 'points (down-sampled)' : 'steps'}`}
            {history.data?.ds.length
              ? ` · ${time(history.data.ds[0], dataset.timeZone, false)} to ${time(history.data.ds.at(-1), dataset.timeZone, false)}`
              : ''}
          </p>
        </div>
        <div className="row">
          {runs.data && runs.data.items.length > 0 && (
            <>
              <label className="visually-hidden" htmlFor="forecast-run">
                Forecast
              </label>
              <select
                id="forecast-run"
                style={{ width: 200 }}
                value={runId ?? ''}
                onChange={(event) =>
                  setAddress(
                    (before) => {
                      if (event.target.value) before.set('run', event.target.value);
                      else before.delete('run');
                      return before;
                    },
                    { replace: true },
                  )
                }
              >
                <option value="">Latest forecast</option>
                {runs.data.items.map((run) => (
                  <option key={run.id} value={run.id}>
                    {run.model}, {time(run.createdAt)}
                  </option>
                ))}
              </select>
            </>
          )}
          {forecast && (
            <button type="button" disabled={csv.isPending} onClick={() => csv.mutate()}>
              CSV
            </button>
          )}
          {history.data && (
            <button
              type="button"
              title={history.data.downsampled ? 'The points of the chart: it is down-sampled' : 'What was observed'}
              onClick={() => saveCsv(observationRows(history.data), `${dataset.name}-${uniqueId}-observed.csv`)}
            >
              History
            </button>
          )}
          <button
            type="button"
            onClick={() => plot.current && void savePng(plot.current.root, colour('--surface'), `${dataset.name}-${uniqueId}.png`)}
          >
            PNG
          </button>
        </div>
      </header>
      <section className="card">
        {history.data ? (
          <ForecastChart
            history={history.data}
            forecast={forecast}
            zone={dataset.timeZone}
            withTime={withTime}
            height={380}
            label={`${uniqueId}: history${forecast ? ` and forecast of ${forecast.ds.length} steps` : ''}`}
            marks={marks}
            onPlot={keepPlot}
          />
        ) : (
          <Skeleton height={430} />
        )}
        {controls}
      </section>
      {csv.error ? <Failure error={csv.error} /> : null}
      {forecasts.error ? <Failure error={forecasts.error} retry={() => void forecasts.refetch()} /> : null}
      {forecasts.data && !forecast && <NoForecast dataset={dataset} uniqueId={uniqueId} />}
      {forecast && (
        <div className="columns">
          <section className="card">
            <h2>Forecast</h2>
            <dl className="facts">
              <Fact name="Model">
                <Link to={`/models/${encodeURIComponent(forecast.model)}`}>
                  {forecast.model} {forecast.version}
                </Link>
              </Fact>
              <Fact name="Cutoff">{shortTime(forecast.cutoff, dataset.timeZone, withTime)}</Fact>
              <Fact name="Horizon">{count(forecast.ds.length)} steps</Fact>
              {version && <Fact name="WQL to seasonal naive">{version.wqlRatio === null ? '–' : `${version.wqlRatio.toFixed(2)} ×`}</Fact>}
              {typeof version?.score?.metrics['mase'] === 'number' && (
                <Fact name="MASE on the held-out steps">{version.score.metrics['mase'].toFixed(2)}</Fact>
              )}
              {fared && <Fact name={`Mean absolute error, ${fared.steps} steps that came`}>{value(fared.meanAbsoluteError)}</Fact>}
              {typeof fared?.inside80 === 'number' && (
                <Fact name="Of these inside the 80 % band">{Math.round(fared.inside80 * 100)} %</Fact>
              )}
            </dl>
            <p className="row" style={{ marginTop: 14 }}>
              <Link to={`/attention/${forecast.runId}/${encodeURIComponent(uniqueId)}`}>What it looked at</Link>
              <Link to={`/runs/${forecast.runId}`}>The run</Link>
              {version && version.futureCovariates.length > 0 && (
                <Link to={`/what-if/${encodeURIComponent(forecast.model)}/${encodeURIComponent(uniqueId)}?version=${forecast.version}`}>
                  What if?
                </Link>
              )}
            </p>
          </section>
          <section className="card">
            <h2>Next steps</h2>
            <NextSteps forecast={forecast} zone={dataset.timeZone} withTime={withTime} />
          </section>
        </div>
      )}
      <Changes changes={changes} dataset={dataset} onShow={showChange} />
    </>
  );
}

const observationRows = ({ uniqueId, ds, y }: Observations): Cell[][] => [
  ['unique_id', 'ds', 'y'],
  ...ds.map((instant, index) => [uniqueId, instant, y[index]]),
];

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function NextSteps({ forecast, zone, withTime }: { forecast: Forecast; zone: string; withTime: boolean }) {
  const [all, setAll] = useState(false);
  const [median, lo, hi] = [0.5, 0.1, 0.9].map((level) => atLevel(forecast, level));
  const shown = all ? forecast.ds : forecast.ds.slice(0, 6);
  return (
    <div className="table-scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>Time</th>
            <th className="number">Median</th>
            <th className="number">80 % interval</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((ds, index) => (
            <tr key={ds} style={{ whiteSpace: 'nowrap' }}>
              <td>{shortTime(ds, zone, withTime)}</td>
              <td className="number">{value(median?.[index])}</td>
              <td className="number">
                {value(lo?.[index])} – {value(hi?.[index])}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {forecast.ds.length > 6 && (
        <button type="button" className="quiet compact" onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `All ${forecast.ds.length} steps`}
        </button>
      )}
    </div>
  );
}

function NoForecast({ dataset, uniqueId }: { dataset: Dataset; uniqueId: string }) {
  const models = useCall('listModels', { query: { limit: 1000 } });
  const client = useClient();
  const fitting = models.data?.items.filter((model) => model.dataset === dataset.name) ?? [];
  const ask = useMutation({ mutationFn: (model: string) => client.call('forecast', { body: { model, attention: true } }) });
  if (!models.data) return null;
  return (
    <div className="note">
      <strong>No forecast of {uniqueId} yet</strong>
      {fitting.length > 0 ? (
        <>
          <span>A model has been trained on this dataset; ask it for a forecast.</span>
          <div className="row actions">
            {fitting.map((model) => (
              <button
                key={model.name}
                type="button"
                className="primary"
                disabled={ask.isPending || ask.isSuccess}
                onClick={() => ask.mutate(model.name)}
              >
                {ask.isSuccess ? 'Queued' : `Forecast with ${model.name}`}
              </button>
            ))}
          </div>
          {ask.error ? <Failure error={ask.error} /> : null}
        </>
      ) : (
        <>
          <span>Train a model on {dataset.name} first. Sound defaults are filled in.</span>
          <div className="row actions">
            <Link className="button primary" to={`/train?dataset=${encodeURIComponent(dataset.name)}`}>
              Train a model
            </Link>
          </div>
        </>
      )}
    </div>
  );
}
