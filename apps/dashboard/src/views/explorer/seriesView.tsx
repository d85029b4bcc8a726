/** One series: its chart, what the forecast says, how it fared where time has passed, and the ways to take it away. */
import { ApiError, type Dataset, type Observations, type StepTime } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useMemo, useRef } from 'react';
import { useSearchParams } from 'react-router';
import type uPlot from 'uplot';
import { useAddressState } from '../../app/address';
import { axisPlace, count, isSubDaily, shortTime, time } from '../../app/format';
import { useCall } from '../../app/queries';
import { useClient } from '../../app/session';
import { colour } from '../../app/theme';
import { hindsight } from '../../chart/forecastData';
import { ForecastChart } from '../../chart/forecastChart';
import { clampWindow, type Extent } from '../../chart/panZoom';
import { type PastForecast, pastForecasts } from '../../chart/pastForecasts';
import { type Cell, save, saveCsv, savePng } from '../../ui/download';
import { Failure, Skeleton, Title } from '../../ui/parts';
import { FirstLookCards, useFirstLook } from './firstLook';
import { ForecastCards, NoForecast } from './forecastCards';
import { edgeOf, useHistory, windowOf } from './history';
import { Changes, useMarks } from './marks';

/** The chart comes first: what is further down the page waits until it had the line to itself. */
const FIRST_VIEW_MS = 300;
const MoreCards = lazy(async () => {
  await new Promise((resolve) => setTimeout(resolve, FIRST_VIEW_MS));
  return { default: (await import('./moreCards')).MoreCards };
});

/** Stored forecasts that can be chosen and laid over what came. */
const MOST_PAST = 100;
const noPast: readonly PastForecast[] = [];

export function SeriesView({ dataset, uniqueId }: { dataset: Dataset; uniqueId: string }) {
  const client = useClient();
  const [address, setAddress] = useSearchParams();
  const [runId, keepRun] = useAddressState('run');
  const put = useCallback(
    (change: Record<string, string | undefined>): void =>
      setAddress(
        (before) => {
          for (const [name, to] of Object.entries(change)) {
            if (to === undefined) before.delete(name);
            else before.set(name, to);
          }
          return before;
        },
        { replace: true },
      ),
    [setAddress],
  );
  const window = windowOf(address);
  const history = useHistory(dataset, uniqueId, window);
  const forecasts = useCall(
    'latestForecasts',
    { query: { dataset: dataset.name, uniqueId, limit: 10, ...(runId ? { runId } : {}) } },
    { keepPrevious: true },
  );
  const stored = useCall('listSeriesForecasts', { params: { dataset: dataset.name, uniqueId }, query: { limit: MOST_PAST } });
  const forecast = forecasts.data?.items[0];
  const [looks, keepLook] = useAddressState('look');
  const none = forecasts.data !== undefined && !forecast;
  const wantsLook = none && looks !== undefined;
  const look = useFirstLook(dataset, uniqueId, wantsLook);
  const drawn = forecast ?? (wantsLook ? look.data?.forecast : undefined);
  const plot = useRef<uPlot>(null);
  const { marks, controls, changes } = useMarks(dataset, uniqueId);
  const [past, keepPast] = useAddressState('past');
  const withPast = past !== undefined;
  const earlier = useMemo(() => pastForecasts(stored.data?.items ?? [], forecast?.runId), [stored.data, forecast]);
  const keepPlot = useCallback((made: uPlot) => {
    plot.current = made;
  }, []);
  const plain = dataset.frequency === '1';
  const keepWindow = useCallback(
    (shown: Extent | undefined) =>
      put({
        from: shown && edgeOf(shown.min, plain, Math.floor),
        to: shown && edgeOf(shown.max, plain, Math.ceil),
        all: shown ? undefined : '',
      }),
    [put, plain],
  );
  const withTime = isSubDaily(dataset.frequency);
  const showChange = (ds: StepTime): void => {
    const made = plot.current;
    const x = made?.data[0];
    if (!made || !x || x.length === 0) return;
    const { min, max } = made.scales['x'] as Extent;
    const centre = axisPlace(ds);
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

  const observed = history.data;
  if (history.error instanceof ApiError && !observed) return <Failure error={history.error} retry={() => void history.refetch()} />;
  return (
    <>
      <Title>{uniqueId}</Title>
      <header className="row spread">
        <div style={{ minWidth: 0 }}>
          <h1 style={{ overflowWrap: 'anywhere' }}>{uniqueId}</h1>
          <p className="muted small">
            {dataset.name}
            {history.data && ` · ${count(history.data.ds.length)} ${history.data.downsampled ? 'points (down-sampled)' : 'steps'}`}
            {history.data?.ds.length
              ? ` · ${time(history.data.ds[0], dataset.timeZone, false)} to ${time(history.data.ds.at(-1), dataset.timeZone, false)}`
              : ''}
          </p>
        </div>
        {stored.data && stored.data.items.length > 0 && (
          <div className="row small" style={{ gap: 8 }}>
            <label htmlFor="forecast-run">Forecast</label>
            <select
              id="forecast-run"
              className="compact"
              style={{ width: 'auto', maxWidth: 280 }}
              value={runId ?? ''}
              onChange={(event) => keepRun(event.target.value || undefined)}
            >
              <option value="">the latest</option>
              {stored.data.items.map((one) => (
                <option key={one.runId} value={one.runId}>
                  from {shortTime(one.cutoff, dataset.timeZone, withTime)}, {one.model} {one.version}
                </option>
              ))}
              {runId !== undefined && !stored.data.items.some((one) => one.runId === runId) && (
                <option value={runId}>of another run</option>
              )}
            </select>
          </div>
        )}
      </header>
      <section className="card">
        {observed ? (
          <ForecastChart
            history={observed}
            forecast={drawn}
            zone={dataset.timeZone}
            withTime={withTime}
            height={380}
            label={`${uniqueId}: history${drawn ? ` and ${forecast ? 'forecast' : 'first look'} of ${drawn.ds.length} steps` : ''}`}
            marks={marks}
            past={withPast ? earlier : noPast}
            window={window}
            onWindow={keepWindow}
            onPlot={keepPlot}
            actions={
              <>
                {forecast && (
                  <button type="button" className="quiet compact" disabled={csv.isPending} onClick={() => csv.mutate()}>
                    Forecast CSV
                  </button>
                )}
                <button
                  type="button"
                  className="quiet compact"
                  title={observed.downsampled ? 'The points of the chart: it is down-sampled' : 'What was observed'}
                  onClick={() => saveCsv(observationRows(observed), `${dataset.name}-${uniqueId}-observed.csv`)}
                >
                  History CSV
                </button>
                <button
                  type="button"
                  className="quiet compact"
                  onClick={() => plot.current && void savePng(plot.current.root, colour('--surface'), `${dataset.name}-${uniqueId}.png`)}
                >
                  PNG
                </button>
              </>
            }
          />
        ) : (
          <Skeleton height={464} />
        )}
        <div className="row small" style={{ marginTop: 10, minHeight: 28 }}>
          {controls}
          {earlier.length > 0 && (
            <label className="check">
              <input type="checkbox" checked={withPast} onChange={(event) => keepPast(event.target.checked ? '' : undefined)} />
              {earlier.length === 1 ? '1 earlier forecast' : `${earlier.length} earlier forecasts`}
            </label>
          )}
        </div>
      </section>
      {csv.error ? <Failure error={csv.error} /> : null}
      {forecasts.error ? <Failure error={forecasts.error} retry={() => void forecasts.refetch()} /> : null}
      {none && !wantsLook && <NoForecast dataset={dataset} uniqueId={uniqueId} onLook={() => keepLook('')} />}
      {wantsLook && <FirstLookCards dataset={dataset} look={look} onEnd={() => keepLook(undefined)} />}
      {forecast && <ForecastCards dataset={dataset} forecast={forecast} fared={hindsight(history.data, forecast)} />}
      <Suspense>
        <MoreCards dataset={dataset} uniqueId={uniqueId} forecast={forecast} />
      </Suspense>
      <Changes changes={changes} dataset={dataset} onShow={showChange} />
    </>
  );
}

const observationRows = ({ uniqueId, ds, y }: Observations): Cell[][] => [
  ['unique_id', 'ds', 'y'],
  ...ds.map((instant, index) => [uniqueId, instant, y[index]]),
];
