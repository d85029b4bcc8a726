/**
 * What one forecast looked at: the maps beside the look-back they lie on. A horizon step under the pointer (or chosen by
 * arrow keys) lights up what it drew from; temporal attention summed by lag shows the season; the gate shows which
 * branch each step listened to.
 */
import { ApiError, type AttentionMapsResource } from '@almanac/contracts';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { seriesAddress, useSeriesId } from '../app/address';
import { isSubDaily, share, shortTime } from '../app/format';
import { useCall } from '../app/queries';
import { ChartCard } from '../ui/chartCard';
import { Await, Empty, Page } from '../ui/parts';
import { GateBars, LagBars } from './attention/bars';
import { HeatMap } from './attention/heatMap';
import { LookBack } from './attention/lookBack';
import type { Place } from './attention/place';
import { weightByLag } from './attention/weights';

const names: Record<string, string> = { contextual: 'Contextual', temporal: 'Temporal', pointer: 'Pointer', methods: 'Methods' };
const meanings: Record<string, string> = {
  contextual: 'Past situations that look like now.',
  temporal: 'The same phase of past seasons; it depends on the clock only.',
  pointer: 'Past shapes that are copied.',
};

export function Component() {
  const { runId = '' } = useParams();
  const uniqueId = useSeriesId() ?? '';
  const query = useCall('getAttention', { params: { runId }, query: { uniqueId } });
  const missing = query.error instanceof ApiError && query.error.problem.status === 404;
  return (
    <Page title={`What the forecast of ${uniqueId} looked at`} about={<Away runId={runId} uniqueId={uniqueId} />}>
      {missing ? (
        <Empty title="No attention maps were kept for this forecast">
          They are kept when a forecast is asked for with attention: “Forecast now” on the model's page does, and so does{' '}
          <code>almanac forecast MODEL --attention</code>.
        </Empty>
      ) : (
        <Await query={query} height={480}>
          {(maps) => <Maps maps={maps} />}
        </Await>
      )}
    </Page>
  );
}

function Away({ runId, uniqueId }: { runId: string; uniqueId: string }) {
  const dataset = useCall('getRun', { params: { runId } }).data?.dataset;
  return (
    <span className="row">
      {dataset && (
        <Link to={seriesAddress(`/series/${encodeURIComponent(dataset)}`, uniqueId, new URLSearchParams({ run: runId }))}>
          The forecast
        </Link>
      )}
      <Link to={`/runs/${runId}`}>Its run</Link>
    </span>
  );
}

function Maps({ maps }: { maps: AttentionMapsResource }) {
  const [place, setPlace] = useState<Place | null>(null);
  const run = useCall('getRun', { params: { runId: maps.runId } });
  const dataset = run.data?.dataset ?? undefined;
  const info = useCall('getDataset', { params: { dataset: dataset ?? '' } }, { enabled: dataset !== undefined });
  const zone = info.data?.timeZone ?? 'UTC';
  const withTime = isSubDaily(info.data?.frequency ?? 'h');
  const kinds = Object.keys(maps.maps);
  const temporal = maps.maps['temporal'];
  return (
    <>
      <p className="row attention-status" role="status">
        {place === null ? (
          <>
            <strong>Average over the horizon</strong>
            <span className="muted">Point at a step of the forecast, or focus a map and use the arrow keys.</span>
          </>
        ) : (
          <>
            <strong>{shortTime(maps.rows[place.row] ?? '', zone, withTime)}</strong>
            {place.column === null ? (
              <span className="muted">lit up below: the hours it drew from</span>
            ) : (
              <span>
                from {shortTime(maps.columns[place.column] ?? '', zone, withTime)} on:{' '}
                {kinds
                  .map((kind) => `${(names[kind] ?? kind).toLowerCase()} ${share(maps.maps[kind]?.[place.row]?.[place.column ?? 0])}`)
                  .join(', ')}
              </span>
            )}
          </>
        )}
      </p>
      {dataset && <LookBack maps={maps} dataset={dataset} place={place} onPlace={setPlace} zone={zone} withTime={withTime} />}
      <div className="columns">
        {kinds.map((kind) => (
          <ChartCard
            key={kind}
            title={names[kind] ?? kind}
            about={meanings[kind]}
            name={`${maps.uniqueId}-${kind}-attention`}
            csv={() => [
              ['horizon_step', ...maps.columns],
              ...(maps.maps[kind] ?? []).map((weights, step) => [maps.rows[step], ...weights]),
            ]}
          >
            <HeatMap
              label={`${names[kind] ?? kind} attention`}
              map={maps.maps[kind] ?? []}
              columns={maps.columns}
              rows={maps.rows}
              place={place}
              onPlace={setPlace}
              zone={zone}
              withTime={withTime}
            />
          </ChartCard>
        ))}
      </div>
      <div className="columns">
        {temporal && (
          <ChartCard
            title="Temporal attention by lag"
            about="How many steps back it looks, over the whole horizon: peaks are seasons."
            name={`${maps.uniqueId}-attention-by-lag`}
            csv={() => [['lag', 'weight'], ...weightByLag(maps, temporal).map(({ lag, weight }) => [lag, weight])]}
          >
            <LagBars maps={maps} map={temporal} seasons={info.data?.seasonLengths ?? []} />
          </ChartCard>
        )}
        {maps.branches.length > 1 && (
          <ChartCard
            title="Gate"
            about="How much each branch counts, for every step of the horizon."
            name={`${maps.uniqueId}-gate`}
            csv={() => [['horizon_step', ...maps.branches], ...maps.gate.map((shares, step) => [maps.rows[step], ...shares])]}
          >
            <GateBars maps={maps} place={place} onPlace={setPlace} names={names} />
          </ChartCard>
        )}
      </div>
    </>
  );
}
