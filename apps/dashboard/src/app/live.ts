/**
 * Runs, live: one event stream per run that is on the screen, whoever looks at it. Every event lands in the cache
 * under the run's key; the points of its curve join those that are stored.
 */
import { type AlmanacClient, isFinished, type Run } from '@almanac/contracts';
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { runKey } from './queries';
import { useClient } from './session';

export interface CurvePoint {
  step: number;
  loss: number | null;
  validation: number | null;
  stepsPerSecond: number | null;
}

/** Points that came while this page was open; those of before are stored with the run. */
const curves = new Map<string, CurvePoint[]>();
const listeners = new Set<() => void>();
const streams = new Map<string, { watchers: number; abort: AbortController }>();
const none: CurvePoint[] = [];

function keepPoint(run: Run): void {
  const p = run.progress;
  if (p?.step === undefined || (p.loss === undefined && p.validation === undefined)) return;
  const points = curves.get(run.id) ?? none;
  if (points.at(-1)?.step === p.step) return;
  curves.set(run.id, [
    ...points,
    { step: p.step, loss: p.loss ?? null, validation: p.validation ?? null, stepsPerSecond: p.stepsPerSecond ?? null },
  ]);
  listeners.forEach((listener) => listener());
}

async function pump(runId: string, client: AlmanacClient, cache: QueryClient, signal: AbortSignal): Promise<void> {
  for await (const run of client.followRun(runId, signal)) {
    cache.setQueryData(runKey(runId), run);
    keepPoint(run);
    if (isFinished(run.status)) {
      // What the run made is new everywhere.
      await cache.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'getRun' && queryKey[0] !== 'getObservations' });
      await cache.invalidateQueries({ queryKey: ['getObservations'] });
    }
  }
}

/** The run, kept up to date until it ends. */
export function useLiveRun(runId: string | undefined) {
  const client = useClient();
  const cache = useQueryClient();
  const query = useQuery({
    queryKey: runKey(runId ?? ''),
    enabled: runId !== undefined,
    queryFn: ({ signal }) => client.call('getRun', { params: { runId: runId ?? '' } }, signal),
  });
  const active = query.data !== undefined && !isFinished(query.data.status);

  useEffect(() => {
    if (!active || runId === undefined) return;
    let stream = streams.get(runId);
    if (!stream) {
      stream = { watchers: 0, abort: new AbortController() };
      streams.set(runId, stream);
      // A stream that fails is no error of the view: the poll of active runs goes on.
      pump(runId, client, cache, stream.abort.signal)
        .catch(() => undefined)
        .finally(() => streams.delete(runId));
    }
    stream.watchers += 1;
    const watched = stream;
    return () => {
      watched.watchers -= 1;
      if (watched.watchers === 0) watched.abort.abort();
    };
  }, [active, runId, client, cache]);
  return query;
}

/** The curve of a training: what is stored, and what has come since. */
export function useCurve(run: Run): CurvePoint[] {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['getRunCurve', run.id],
    queryFn: ({ signal }) => client.call('getRunCurve', { params: { runId: run.id } }, signal),
    staleTime: Infinity,
  });
  const seen = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => curves.get(run.id) ?? none,
  );
  return useMemo(() => {
    const byStep = new Map<number, CurvePoint>();
    data?.step.forEach((step, index) =>
      byStep.set(step, {
        step,
        loss: data.loss[index] ?? null,
        validation: data.validation[index] ?? null,
        stepsPerSecond: data.stepsPerSecond[index] ?? null,
      }),
    );
    for (const point of seen)
      byStep.set(point.step, { ...point, validation: point.validation ?? byStep.get(point.step)?.validation ?? null });
    return [...byStep.values()].sort((a, b) => a.step - b.step);
  }, [data, seen]);
}
