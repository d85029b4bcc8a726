/** What a run would take and whether it would be admitted, said before it starts. */
import type { EndpointInput } from '@almanac/contracts';
import { useEffect } from 'react';
import { Link } from 'react-router';
import { bytes, count, duration, value } from '../../app/format';
import { useCall } from '../../app/queries';
import { useRested } from '../../app/rested';
import { Failure, Skeleton } from '../../ui/parts';

type Action = EndpointInput<'estimateRun'>['body'];

/** What it would take, asked anew when the form rests; the same numbers decide whether the run is admitted. */
export function Estimate({ action, onRefused }: { action: Action; onRefused: (refused: boolean) => void }) {
  // As text: a form that was drawn anew is still the same form.
  const rested = useRested(JSON.stringify(action), 300);
  const query = useCall('estimateRun', { body: JSON.parse(rested) as Action }, { keepPrevious: true });
  const refused = query.data !== undefined && !query.data.fits;
  useEffect(() => onRefused(refused), [refused, onRefused]);
  if (query.error) return <Failure error={query.error} />;
  const p = query.data;
  if (!p) return <Skeleton height={44} />;
  return (
    <div className={p.fits ? 'note' : 'note bad'} role="status">
      <strong>{p.fits ? 'What it will take' : (p.problem?.detail ?? 'It does not fit.')}</strong>
      {p.problem?.hint && <span>{p.problem.hint}</span>}
      <dl className="facts">
        <div>
          <dt>Time</dt>
          <dd>{p.seconds === null ? 'known after the first steps' : `about ${duration(p.seconds)}`}</dd>
        </div>
        <div>
          <dt>Memory</dt>
          <dd>
            {p.memoryBytes === null ? '–' : bytes(p.memoryBytes)}
            {p.limits.memoryBytes !== null && ` of ${bytes(p.limits.memoryBytes)}`}
          </dd>
        </div>
        {p.cost !== null && (
          <div>
            <dt>Cost</dt>
            <dd>{value(p.cost)}</dd>
          </div>
        )}
        {p.steps !== null && (
          <div>
            <dt>Training steps</dt>
            <dd>{count(p.steps)}</dd>
          </div>
        )}
        <div>
          <dt>On</dt>
          <dd>{p.device === 'gpu' ? 'a GPU' : 'the CPU'}</dd>
        </div>
      </dl>
      <span className="small muted">
        {p.basis === 'history' ? (
          <>The time is from {p.likeRun ? <Link to={`/runs/${p.likeRun}`}>a run</Link> : 'runs'} like it on this machine.</>
        ) : (
          'None like it has been measured here yet: the time is that of a typical machine.'
        )}{' '}
        It can be cancelled at any time.
      </span>
    </div>
  );
}
