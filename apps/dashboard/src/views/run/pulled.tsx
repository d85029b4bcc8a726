/** What was read of a source, and the runs that store it. */
import type { PullResult } from '@almanac/contracts';
import { Link } from 'react-router';
import { count } from '../../app/format';

export function Pulled({ result }: { result: PullResult }) {
  if (result.outcome === 'nothingNew') return <p>Nothing new at the source {result.source}.</p>;
  if (result.outcome === 'busy') return <p>What was read of {result.source} before was still being stored: nothing was read.</p>;
  return (
    <section className="card stack">
      <p>
        {result.rows === null ? `${count(result.bytes)} bytes` : `${count(result.rows)} rows`} of the source {result.source}
        {result.since !== null && <>, from {result.since} on</>}
        {result.watermark !== null && <>, up to {result.watermark}</>}.{result.more && ' Further new objects come with the next reading.'}
      </p>
      <ul>
        {result.ingestRunIds.map((id) => (
          <li key={id}>
            <Link to={`/runs/${id}`}>How it was stored, with what was found</Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
