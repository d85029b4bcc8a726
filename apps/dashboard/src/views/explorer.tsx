/** Forecasts: find a series, see its history with the forecast and its bands. The first view. */
import type { Dataset } from '@almanac/contracts';
import { Link, useNavigate, useParams } from 'react-router';
import { useEffect } from 'react';
import { useSeriesId } from '../app/address';
import { useAll } from '../app/queries';
import { Await, Empty } from '../ui/parts';
import { Finder } from './explorer/finder';
import { SeriesView } from './explorer/seriesView';
import { Only } from '../ui/only';

const LAST = 'almanac.dataset';

export function Component() {
  const query = useAll('listDatasets', {});
  return (
    <Await query={query} height={420}>
      {({ items }) => (items.length === 0 ? <NoDataset /> : <Explorer datasets={items} />)}
    </Await>
  );
}

function NoDataset() {
  return (
    <Empty
      title="No dataset yet"
      action={
        <Only>
          <Link className="button primary" to="/upload">
            Upload a file
          </Link>
        </Only>
      }
    >
      Upload a CSV or Parquet file of time series. Almanac finds the frequency, shows what it understood, and is then ready to train and
      forecast.
    </Empty>
  );
}

function Explorer({ datasets }: { datasets: Dataset[] }) {
  const { dataset: name } = useParams();
  const uniqueId = useSeriesId();
  const navigate = useNavigate();
  const remembered = datasets.find((candidate) => candidate.name === localStorage.getItem(LAST)) ?? datasets[0];
  const dataset = datasets.find((candidate) => candidate.name === name);

  useEffect(() => {
    if (name === undefined && remembered) void navigate(`/series/${encodeURIComponent(remembered.name)}`, { replace: true });
    if (dataset) localStorage.setItem(LAST, dataset.name);
  }, [name, remembered, dataset, navigate]);

  if (name === undefined) return null;
  if (!dataset) {
    return (
      <Empty
        title={`There is no dataset "${name}"`}
        action={
          <Link className="button" to={`/series/${encodeURIComponent(remembered?.name ?? '')}`}>
            Open {remembered?.name}
          </Link>
        }
      >
        It may have been deleted, or the address has a typing slip.
      </Empty>
    );
  }
  return (
    <div className="explorer">
      <Finder datasets={datasets} dataset={dataset} uniqueId={uniqueId} />
      <div className="view">
        {uniqueId !== undefined && <SeriesView key={`${dataset.name} ${uniqueId}`} dataset={dataset} uniqueId={uniqueId} />}
      </div>
    </div>
  );
}
