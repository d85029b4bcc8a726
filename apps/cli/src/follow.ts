/**
 * Follows a run with a progress bar on stderr, so that stdout stays clean for results.
 * Without a terminal it prints one line per phase instead.
 */
import { type Run, withHint } from '@almanac/contracts';
import { Presets, SingleBar } from 'cli-progress';
import type { Context } from './context.js';
import { asFlags, duration, isQuiet, note } from './print.js';

/** The run ended without success. */
export class RunFailed extends Error {
  constructor(readonly run: Run) {
    super(
      run.status === 'cancelled'
        ? `The ${run.kind} run ${run.id} was cancelled.`
        : `The ${run.kind} run ${run.id} failed: ${run.error ? withHint(run.error.detail, run.kind === 'ingest' ? asFlags(run.error.hint ?? '') : run.error.hint) : 'no reason was recorded.'}`,
    );
  }
}

function details(run: Run): string {
  const p = run.progress;
  if (!p) return run.status;
  return [
    p.message || p.phase,
    p.loss === undefined ? '' : `loss ${p.loss.toFixed(4)}`,
    p.validation === undefined ? '' : `validation ${p.validation.toFixed(4)}`,
    p.stepsPerSecond === undefined ? '' : `${p.stepsPerSecond.toFixed(1)} steps/s`,
    p.etaSeconds === undefined ? '' : `${duration(p.etaSeconds)} left`,
  ]
    .filter(Boolean)
    .join(' · ');
}

export async function follow(context: Context, runId: string): Promise<Run> {
  const interrupted = new AbortController();
  const onInterrupt = (): void => interrupted.abort();
  process.once('SIGINT', onInterrupt);
  const bar =
    process.stderr.isTTY && !isQuiet()
      ? new SingleBar(
          { format: '{bar} {percentage} % | {details}', hideCursor: true, stream: process.stderr, clearOnComplete: true },
          Presets.shades_classic,
        )
      : undefined;
  bar?.start(1, 0, { details: 'queued' });
  let phase = '';
  try {
    const run = await context.client.waitForRun(
      runId,
      (current) => {
        bar?.update(current.progress?.fraction ?? 0, { details: details(current) });
        const now = current.progress?.phase ?? current.status;
        if (!bar && now !== phase) note(`${current.kind}: ${details(current)}`);
        phase = now;
      },
      interrupted.signal,
    );
    bar?.stop();
    if (run.status !== 'succeeded') throw new RunFailed(run);
    return run;
  } catch (error) {
    bar?.stop();
    if (interrupted.signal.aborted) {
      note(
        `No longer following; the run goes on. Follow it with: almanac runs follow ${runId}   stop it with: almanac runs cancel ${runId}`,
      );
      process.exit(130);
    }
    throw error;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
