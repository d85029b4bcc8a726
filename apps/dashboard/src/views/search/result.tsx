/** What a search found: every trial with its score, the winner, and the training that registers it. */
import type { SearchResult, SearchTrial } from '@almanac/contracts';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { count, duration, metric, time } from '../../app/format';
import { useCall } from '../../app/queries';
import { ChartCard } from '../../ui/chartCard';
import { type Column, DataTable } from '../../ui/dataTable';
import type { Cell } from '../../ui/download';
import { Fact, Status } from '../../ui/parts';

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function csvOf({ trials }: SearchResult): Cell[][] {
  const paths = Object.keys(trials[0]?.settings ?? {});
  return [
    ['candidate', 'rung', 'steps', 'wql', 'wql_to_seasonal_naive', 'seconds', 'failure', ...paths],
    ...trials.map((trial) => [
      ...[trial.candidate, trial.rung, trial.steps, trial.wql, trial.overSeasonalNaive, trial.seconds, trial.failure?.code ?? ''],
      ...paths.map((path) => shown(trial.settings[path])),
    ]),
  ];
}

export function SearchView({ runId, dataset, result }: { runId: string; dataset: string; result: SearchResult }) {
  const zone = useCall('getDataset', { params: { dataset } }).data?.timeZone ?? 'UTC';
  const training = useCall('getRun', { params: { runId: result.trainRunId } }, { refetchInterval: 5000 }).data;
  const { winner, rungs, cutoffs, trials } = result;
  const columns = useMemo(
    (): Column<SearchTrial>[] => [
      {
        id: 'candidate',
        title: 'Candidate',
        by: ({ candidate }) => candidate,
        cell: ({ candidate, rung }) => (
          <span className="row" style={{ gap: 6 }}>
            {candidate === 0 ? '0 (as it was)' : candidate}
            {candidate === winner.candidate && rung === winner.rung && <span className="badge champion">winner</span>}
          </span>
        ),
      },
      { id: 'steps', title: 'Steps', number: true, by: ({ steps }) => steps, cell: ({ steps }) => count(steps) },
      { id: 'wql', title: 'WQL', number: true, by: ({ wql }) => wql, cell: ({ wql, failure }) => (failure ? 'failed' : metric(wql)) },
      {
        id: 'ratio',
        title: 'To seasonal naive',
        number: true,
        by: ({ overSeasonalNaive }) => overSeasonalNaive,
        cell: ({ overSeasonalNaive }) => (overSeasonalNaive === null ? '–' : `${overSeasonalNaive.toFixed(3)} ×`),
      },
      ...Object.keys(winner.settings).map((path): Column<SearchTrial> => ({
        id: path,
        title: path,
        by: ({ settings }) => {
          const value = settings[path];
          return typeof value === 'number' ? value : shown(value);
        },
        cell: ({ settings }) => shown(settings[path]),
      })),
      { id: 'seconds', title: 'Took', number: true, by: ({ seconds }) => seconds, cell: ({ seconds }) => duration(seconds) },
    ],
    [winner],
  );
  const failed = trials.filter(({ failure }) => failure);
  return (
    <>
      <section className="card stack">
        <h2>{winner.candidate === 0 ? 'The settings as they were are the best' : `Candidate ${winner.candidate} is the best`}</h2>
        <dl className="facts">
          {Object.entries(winner.settings).map(([path, value]) => (
            <Fact key={path} name={path}>
              {shown(value)}
            </Fact>
          ))}
          <Fact name="WQL to seasonal naive">{winner.overSeasonalNaive === null ? '–' : `${winner.overSeasonalNaive.toFixed(3)} ×`}</Fact>
        </dl>
        <p className="small muted">
          {`Chosen at ${cutoffs.length === 1 ? '1 cutoff,' : `${cutoffs.length} cutoffs from`} ${time(cutoffs[0], zone)}, the same for every trial. They come before the last ${result.holdout} steps, which no trial saw and which the accuracy of the model is measured on: the score of the best of many is flattering.`}
        </p>
        <div className="row">
          <Link className="button primary" to={`/runs/${result.trainRunId}`}>
            Its training
          </Link>
          {training && <Status status={training.status} />}
          {training?.status === 'succeeded' && <Link to={`/models/${encodeURIComponent(training.model ?? '')}`}>{training.model}</Link>}
        </div>
      </section>
      <ChartCard title="Every trial" name={`search-${runId.slice(0, 8)}`} png={false} csv={() => csvOf(result)}>
        <p className="muted small">
          {rungs.map(({ steps, trials: many }) => `${count(many)} with ${count(steps)} steps`).join(', the best ')}. WQL is comparable
          between all of them; lower is better.
        </p>
        <DataTable label="Every trial" rows={trials} columns={columns} rowKey={({ candidate, rung }) => `${candidate} ${rung}`} />
        {failed.length > 0 && (
          <details>
            <summary>{failed.length === 1 ? 'One trial failed' : `${failed.length} trials failed`}</summary>
            <ul>
              {failed.map(({ candidate, rung, failure }) => (
                <li key={`${candidate} ${rung}`}>
                  Candidate {candidate}: {failure?.message}
                </li>
              ))}
            </ul>
          </details>
        )}
      </ChartCard>
    </>
  );
}
