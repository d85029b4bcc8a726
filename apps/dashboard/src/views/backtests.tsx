/** Backtests: how good would past forecasts have been? Choose who competes, and look at what came of earlier ones. */
import { type BacktestRequestInput, backtestResult, type Dataset, type Run } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { ago } from '../app/format';
import { useCall } from '../app/queries';
import { useClient } from '../app/session';
import { Await, Empty, Failure, Field, Page, Status } from '../ui/parts';

export function Component() {
  const [making, setMaking] = useState(false);
  const datasets = useCall('listDatasets', { query: { limit: 1000 } });
  const runs = useCall('listRuns', { query: { kind: 'backtest', limit: 100 } }, { refetchInterval: 5000 });
  return (
    <Page
      title="Backtests"
      about="How good would past forecasts have been? Models compete over the same rolling cutoffs, seasonal naive always among them."
      actions={
        <button
          type="button"
          className="primary"
          aria-expanded={making}
          disabled={!datasets.data?.items.length}
          onClick={() => setMaking(!making)}
        >
          New backtest
        </button>
      }
    >
      {making && datasets.data && <NewBacktest datasets={datasets.data.items} />}
      <Await query={runs}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No backtest yet">
              {datasets.data?.items.length === 0 ? 'Upload a dataset first.' : 'Start one to see which model you should trust.'}
            </Empty>
          ) : (
            <BacktestTable runs={items} />
          )
        }
      </Await>
    </Page>
  );
}

function BacktestTable({ runs }: { runs: Run[] }) {
  return (
    <section className="card table-scroll" tabIndex={0} style={{ padding: 0 }}>
      <table>
        <thead>
          <tr>
            <th>Backtest</th>
            <th>Status</th>
            <th>Best</th>
            <th className="number">WQL to seasonal naive</th>
            <th className="number">Cutoffs</th>
            <th>Queued</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => {
            const result = backtestResult.safeParse(run.result).data;
            const best = result?.models.toSorted((a, b) => (a.score.metrics['wql'] ?? Infinity) - (b.score.metrics['wql'] ?? Infinity))[0];
            return (
              <tr key={run.id}>
                <td>
                  <Link to={`/runs/${run.id}`}>{run.dataset}</Link>
                </td>
                <td>
                  <Status status={run.status} />
                </td>
                <td>{best?.score.label ?? '–'}</td>
                <td className="number">{typeof best?.wqlRatio === 'number' ? `${best.wqlRatio.toFixed(3)} ×` : '–'}</td>
                <td className="number">{result?.windows.length ?? '–'}</td>
                <td>{ago(run.createdAt)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

type Numbers = Pick<BacktestRequestInput, 'horizon' | 'windows' | 'stepSize' | 'refitEvery' | 'steps'>;

function NewBacktest({ datasets }: { datasets: Dataset[] }) {
  const client = useClient();
  const navigate = useNavigate();
  const kinds = useCall('modelKinds', {});
  const [dataset, setDataset] = useState(datasets[0]?.name ?? '');
  const [chosen, setChosen] = useState<string[]>(['segment', 'theta']);
  const [numbers, setNumbers] = useState<Numbers>({});
  const start = useMutation({
    mutationFn: () => client.call('backtest', { body: { dataset, models: chosen.map((kind) => ({ kind })), ...numbers } }),
    onSuccess: (run) => void navigate(`/runs/${run.id}`),
  });
  const number = (key: keyof Numbers, label: string, help: string, placeholder: string, least = 1) => (
    <Field id={key} label={label} help={help}>
      <input
        id={key}
        type="number"
        min={least}
        placeholder={placeholder}
        value={numbers[key] ?? ''}
        onChange={(event) =>
          setNumbers((before) => ({ ...before, [key]: event.target.value === '' ? undefined : Number(event.target.value) }))
        }
      />
    </Field>
  );
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <fieldset className="plain">
        <legend>Who competes</legend>
        <div className="row">
          {kinds.data?.items
            .filter(({ kind }) => kind !== 'seasonalNaive')
            .map(({ kind, summary }) => (
              <label key={kind} className="check" title={summary}>
                <input
                  type="checkbox"
                  checked={chosen.includes(kind)}
                  onChange={(event) =>
                    setChosen((before) => (event.target.checked ? [...before, kind] : before.filter((other) => other !== kind)))
                  }
                />
                {kind}
              </label>
            ))}
          <span className="muted small">and seasonal naive</span>
        </div>
      </fieldset>
      <div className="fields">
        <Field id="backtest-dataset" label="Dataset">
          <select id="backtest-dataset" value={dataset} onChange={(event) => setDataset(event.target.value)}>
            {datasets.map(({ id, name }) => (
              <option key={id}>{name}</option>
            ))}
          </select>
        </Field>
        {number('windows', 'Cutoffs', 'Each is a forecast from the past.', '3')}
        {number('horizon', 'Horizon', 'Steps ahead that each forecast reaches.', 'two seasons')}
        {number('stepSize', 'Steps between cutoffs', 'Less than the horizon: windows overlap.', 'the horizon')}
        {number('refitEvery', 'Train again after', 'Cutoffs; 0 trains once, at the first.', '1', 0)}
        {number('steps', 'Training steps', 'Of each training.', 'chosen from the size')}
      </div>
      {start.error ? <Failure error={start.error} /> : null}
      <div className="row">
        <button type="submit" className="primary" disabled={start.isPending || chosen.length === 0}>
          Start
        </button>
      </div>
    </form>
  );
}
