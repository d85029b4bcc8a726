/** A first look at a series that has no forecast yet: by the network that comes with Almanac, without training. Nothing is stored. */
import type { Dataset, FirstLook } from '@almanac/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { count, isSubDaily, shortTime } from '../../app/format';
import { useClient } from '../../app/session';
import { Fact, Failure, Skeleton } from '../../ui/parts';
import { NextSteps } from './forecastCards';
import { Only } from '../../ui/only';

/** The one series that was asked for, as the chart draws it. */
function drawnOf(look: FirstLook) {
  const [only] = look.firstLook;
  return { model: look.model, horizon: look.horizon, forecast: only && { ...only, levels: look.levels } };
}

export function useFirstLook(dataset: Dataset, uniqueId: string, wanted: boolean) {
  const client = useClient();
  return useQuery({
    queryKey: ['firstLook', dataset.name, dataset.version, uniqueId],
    queryFn: ({ signal }) => client.firstLook(dataset.name, { uniqueIds: [uniqueId], datasetVersion: dataset.version }, signal),
    enabled: wanted,
    select: drawnOf,
  });
}

export function FirstLookCards({ dataset, look, onEnd }: { dataset: Dataset; look: ReturnType<typeof useFirstLook>; onEnd: () => void }) {
  if (look.error) return <Failure error={look.error} retry={() => void look.refetch()} />;
  if (!look.data) return <Skeleton height={260} />;
  return <Looked dataset={dataset} look={look.data} onEnd={onEnd} />;
}

function Looked({ dataset, look, onEnd }: { dataset: Dataset; look: ReturnType<typeof drawnOf>; onEnd: () => void }) {
  const { forecast } = look;
  if (!forecast) return null;
  const withTime = isSubDaily(dataset.frequency);
  return (
    <div className="columns">
      <section className="card">
        <h2>First look</h2>
        <p style={{ marginBottom: 12 }}>
          Forecast without training, by a network that has only ever seen synthetic series. Nothing is stored. A model that is trained on{' '}
          {dataset.name} mostly does better; a backtest says by how much.
        </p>
        <dl className="facts">
          <Fact name="By">{look.model}</Fact>
          <Fact name="Cutoff">{shortTime(forecast.cutoff, dataset.timeZone, withTime)}</Fact>
          <Fact name="Horizon">{count(look.horizon)} steps</Fact>
        </dl>
        {forecast.notes.map(({ code, detail }) => (
          <div className="note warn" key={code}>
            <span>{detail}</span>
          </div>
        ))}
        <div className="row actions" style={{ marginTop: 14 }}>
          <Only>
            <Link className="button primary" to={`/train?dataset=${encodeURIComponent(dataset.name)}`}>
              Train a model
            </Link>
          </Only>
          <button type="button" onClick={onEnd}>
            Take it away
          </button>
        </div>
      </section>
      <section className="card">
        <h2>Next steps</h2>
        <NextSteps forecast={forecast} zone={dataset.timeZone} withTime={withTime} />
      </section>
    </div>
  );
}
