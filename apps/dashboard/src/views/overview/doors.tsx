/** Where to begin in a workspace without data: one's own file, a sample, the API. */
import { Link } from 'react-router';
import { Only } from '../../ui/only';

/** @param busy a run is under way: the sample of a first start, perhaps */
export function Doors({ busy }: { busy: boolean }) {
  const address = location.origin;
  return (
    <>
      {busy && (
        <div className="note" role="status">
          <strong>A run is under way</strong>
          <span className="muted">This page fills by itself once there are data.</span>
        </div>
      )}
      <div className="columns">
        <section className="card stack">
          <h2>Your own file</h2>
          <p>A CSV, Excel or Parquet file of time series. Almanac says what it understood before anything is stored, and forecasts it.</p>
          <Only>
            <div className="row">
              <Link className="button primary" to="/upload">
                Upload a file
              </Link>
            </div>
          </Only>
        </section>
        <section className="card stack">
          <h2>A sample</h2>
          <p>
            Two years of daily sales of six invented shops, closed on Sundays, with promotions: the way of a file of your own, in a minute.
          </p>
          <Only>
            <div className="row">
              <Link className="button" to="/upload?sample">
                Try the sample
              </Link>
            </div>
          </Only>
        </section>
        <section className="card stack">
          <h2>The API</h2>
          <p>
            Rows as a program has them; a key is made in the <Link to="/settings">settings</Link>. <a href="/v1/openapi.json">OpenAPI</a>{' '}
            describes all of it.
          </p>
          <pre className="mono small" tabIndex={0} aria-label="An upload from the command line">
            {`curl -T sales.csv -X POST -H "authorization: Bearer $KEY" \\\n  "${address}/v1/uploads?dataset=sales&fileName=sales.csv&idColumn=shop&timeColumn=day&valueColumn=sold"`}
          </pre>
        </section>
      </div>
    </>
  );
}
