/**
 * What one forecast looked at: the maps beside the look-back they lie on. A horizon step under the pointer (or chosen by
 * arrow keys) lights up what it drew from; temporal attention summed by lag shows the season; the gate shows which
 * branch each step listened to.
 */
import { ApiError, type AttentionMapsResource } from '@almanac/contracts';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { time } from '../app/format';
import { useCall } from '../app/queries';
import { ChartCard } from '../ui/chartCard';
import { Await, Empty, Page } from '../ui/parts';
import { GateBars, LagBars, LookBack } from './attention/bars';
import { HeatMap } from './attention/heatMap';
import { weightByLag } from './attention/weights';

const names: Record<string, string> = { contextual: 'Contextual', temporal: 'Temporal', pointer: 'Pointer' };
const meanings: Record<string, string> = {
  contextual: 'Past situations that look like now.',
  temporal: 'The same phase of past seasons; it depends on the clock only.',
  pointer: 'Past shapes that are copied.',
};

export function Component() {
  const { runId = '', uniqueId = '' } = useParams();
  const query = useCall('getAttention', { params: { runId }, query: { uniqueId } });
  const missing = query.error instanceof ApiError && query.error.problem.status === 404;
  return (
    <Page title={`What the forecast of ${uniqueId} looked at`} about={<Link to={`/runs/${runId}`}>The forecast run</Link>}>
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

function Maps({ maps }: { maps: AttentionMapsResource }) {
  const [row, setRow] = useState<number | null>(null);
  const run = useCall('getRun', { params: { runId: maps.runId } });
  const dataset = run.data?.dataset ?? undefined;
  const info = useCall('getDataset', { params: { dataset: dataset ?? '' } }, { enabled: dataset !== undefined });
  const zone = info.data?.timeZone ?? 'UTC';
  const kinds = Object.keys(maps.maps);
  const temporal = maps.maps['temporal'];
  const shown = row === null ? 'Average over the horizon' : time(maps.rows[row], zone);
  return (
    <>
      <p className="row" role="status">
        <strong>{shown}</strong>
        <span className="muted">
          {row === null ? 'Point at a horizon step, or focus a map and use the arrow keys.' : 'lit up below: the hours it drew from'}
        </span>
      </p>
      {dataset && <LookBack maps={maps} dataset={dataset} row={row} zone={zone} />}
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
              row={row}
              onRow={setRow}
              zone={zone}
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
            <LagBars maps={maps} map={temporal} />
          </ChartCard>
        )}
        {maps.branches.length > 1 && (
          <ChartCard
            title="Gate"
            about="How much each branch counts, for every step of the horizon."
            name={`${maps.uniqueId}-gate`}
            csv={() => [['horizon_step', ...maps.branches], ...maps.gate.map((shares, step) => [maps.rows[step], ...shares])]}
          >
            <GateBars maps={maps} row={row} onRow={setRow} names={names} />
          </ChartCard>
        )}
      </div>
    </>
  );
}
