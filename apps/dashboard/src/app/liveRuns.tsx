/** The strip of runs that are queued or under way, on every view; on a phone a line that unfolds. */
import { isFinished, type Run } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { Only } from '../ui/only';
import { runDetail } from '../ui/parts';
import { useLiveRun } from './live';
import { runKey, useActiveRuns } from './queries';
import { useClient } from './session';

export function LiveRuns() {
  const runs = useActiveRuns();
  const [open, setOpen] = useState(false);
  return (
    <section className="live-runs" aria-label="Runs under way" data-open={open} hidden={runs.length === 0}>
      <button type="button" className="quiet fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        {runs.length === 1 ? 'One run under way' : `${runs.length} runs under way`}
      </button>
      {runs.slice(0, 4).map((run) => (
        <LiveRun key={run.id} initial={run} />
      ))}
      {runs.length > 4 && (
        <div className="live-run">
          <Link to="/runs">and {runs.length - 4} more</Link>
        </div>
      )}
    </section>
  );
}

export function useCancel(runId: string) {
  const client = useClient();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => client.call('cancelRun', { params: { runId } }),
    onSuccess: (run) => {
      cache.setQueryData(runKey(runId), run);
      void cache.invalidateQueries({ queryKey: ['activeRuns'] });
    },
  });
}

function LiveRun({ initial }: { initial: Run }) {
  const run = useLiveRun(initial.id).data ?? initial;
  const cancel = useCancel(run.id);
  const fraction = run.progress?.fraction;
  const what = `${run.kind} ${run.model ?? run.dataset ?? ''}`.trim();
  return (
    <div className="live-run">
      <Link to={`/runs/${run.id}`} className="what">
        {what}
      </Link>
      <progress
        aria-label={`Progress of ${what}`}
        max={1}
        {...(typeof fraction === 'number' ? { value: fraction } : run.status === 'queued' ? { value: 0 } : {})}
      />
      <span className="detail" role="status">
        {runDetail(run)}
      </span>
      <Only>
        <button
          type="button"
          className="quiet compact"
          disabled={cancel.isPending || cancel.isSuccess || isFinished(run.status)}
          onClick={() => cancel.mutate()}
        >
          {cancel.isSuccess ? 'Stopping' : 'Cancel'}
        </button>
      </Only>
    </div>
  );
}
