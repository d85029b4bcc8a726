/** What the supervisor prints: one line a step, and a progress bar while a run goes on (plain lines where there is no terminal). */
import { SingleBar } from 'cli-progress';
import type { AlmanacClient, Run, RunProgress } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';

export const say = (line = ''): void => console.log(line);

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

export const seconds = (value: number): string =>
  value < 90 ? `${value.toFixed(value < 10 ? 1 : 0)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;

function describe(progress: RunProgress): string {
  const parts = [progress.message];
  if (progress.loss !== undefined) parts.push(`loss ${progress.loss.toFixed(4)}`);
  if (progress.validation !== undefined) parts.push(`validation ${progress.validation.toFixed(4)}`);
  if (progress.etaSeconds !== undefined) parts.push(`${seconds(progress.etaSeconds)} left`);
  return parts.join(', ');
}

/** Follows a run to its end with a bar. Throws the run's own problem when it did not succeed. */
export async function follow(client: AlmanacClient, runId: string, title: string, signal?: AbortSignal): Promise<Run> {
  const terminal = process.stdout.isTTY === true;
  const bar = terminal
    ? new SingleBar({ format: `${title} {bar} {percentage} %  {text}`, hideCursor: true, barsize: 24, etaBuffer: 1, clearOnComplete: true })
    : undefined;
  bar?.start(100, 0, { text: '' });
  let lastTenth = -1;
  const run = await client
    .waitForRun(
      runId,
      ({ progress }) => {
        if (!progress) return;
        const percent = Math.round((progress.fraction ?? 0) * 100);
        bar?.update(percent, { text: describe(progress) });
        const tenth = Math.floor(percent / 10);
        if (!terminal && tenth > lastTenth && progress.fraction !== null) {
          lastTenth = tenth;
          say(`${title} ${percent} %: ${describe(progress)}`);
        }
      },
      signal,
    )
    .finally(() => bar?.stop());
  if (run.status !== 'succeeded') {
    throw new AlmanacError(
      run.error?.code ?? 'RUN_CANCELLED',
      `${title}: ${run.error?.detail ?? 'the run was cancelled.'}`,
      run.error?.hint ? { hint: run.error.hint } : {},
    );
  }
  return run;
}
