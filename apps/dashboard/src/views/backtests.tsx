/** Backtests: how good would past forecasts have been? Choose who competes, and look at what came of earlier ones. */
import { type BacktestRequestInput, backtestResult, type BacktestResult, type Dataset, type ModelKind, type Run } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useMemo, useState } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { Link, useNavigate } from 'react-router';
import { ago, time } from '../app/format';
import { useAll, useCall } from '../app/queries';
import { useClient } from '../app/session';
import { type Column, DataTable } from '../ui/dataTable';
import { Await, CutOff, Empty, Failure, Field, Page, Status } from '../ui/parts';
import { Estimate } from './train/estimate';
import { Only } from '../ui/only';

export function Component() {
  const [making, setMaking] = useState(false);
  const datasets = useAll('listDatasets', {});
  const runs = useCall('listRuns', { query: { kind: 'backtest', limit: 100 } }, { refetchInterval: 5000 });
  return (
    <Page
      title="Backtests"
      about="How good would past forecasts have been? Models compete over the same rolling cutoffs, seasonal naive always among them."
      actions={
        <Only>
          <button
            type="button"
            className="primary"
            aria-expanded={making}
            disabled={!datasets.data?.items.length}
            onClick={() => setMaking(!making)}
          >
            New backtest
          </button>
        </Only>
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
            <BacktestTable runs={items}>
              <CutOff page={runs.data} rest="Older ones are among the runs." />
            </BacktestTable>
          )
        }
      </Await>
    </Page>
  );
}

interface Row {
  run: Run;
  best: BacktestResult['models'][number] | undefined;
  cutoffs: number | undefined;
}

const columns: Column<Row>[] = [
  { id: 'dataset', title: 'Backtest', by: ({ run }) => run.dataset, cell: ({ run }) => <Link to={`/runs/${run.id}`}>{run.dataset}</Link> },
  { id: 'status', title: 'Status', by: ({ run }) => run.status, cell: ({ run }) => <Status status={run.status} /> },
  { id: 'best', title: 'Best', by: ({ best }) => best?.score.label, cell: ({ best }) => best?.score.label ?? '–' },
  {
    id: 'ratio',
    title: 'WQL to seasonal naive',
    number: true,
    by: ({ best }) => best?.wqlRatio,
    cell: ({ best }) => (typeof best?.wqlRatio === 'number' ? `${best.wqlRatio.toFixed(3)} ×` : '–'),
  },
  { id: 'cutoffs', title: 'Cutoffs', number: true, by: ({ cutoffs }) => cutoffs, cell: ({ cutoffs }) => cutoffs ?? '–' },
  {
    id: 'queued',
    title: 'Queued',
    by: ({ run }) => run.createdAt,
    cell: ({ run }) => <span title={time(run.createdAt)}>{ago(run.createdAt)}</span>,
  },
];

function BacktestTable({ runs, children }: { runs: Run[]; children: ReactNode }) {
  const rows = useMemo(
    () =>
      runs.map((run): Row => {
        const result = backtestResult.safeParse(run.result).data;
        const best = result?.models.toSorted((a, b) => (a.score.metrics['wql'] ?? Infinity) - (b.score.metrics['wql'] ?? Infinity))[0];
        return { run, best, cutoffs: result?.windows.length };
      }),
    [runs],
  );
  return (
    <section className="card flush">
      <DataTable label="Backtests" rows={rows} columns={columns} rowKey={({ run }) => run.id} />
      {children}
    </section>
  );
}

type Numbers = Pick<BacktestRequestInput, 'horizon' | 'windows' | 'stepSize' | 'refitEvery' | 'steps'>;

type Wanted = Numbers & { dataset: string; chosen: string[] };

function NewBacktest({ datasets }: { datasets: Dataset[] }) {
  const kinds = useCall('modelKinds', {});
  return <Await query={kinds}>{({ items }) => <NewBacktestForm datasets={datasets} kinds={items} />}</Await>;
}

function NewBacktestForm({ datasets, kinds }: { datasets: Dataset[]; kinds: ModelKind[] }) {
  const client = useClient();
  const navigate = useNavigate();
  const { register, handleSubmit, control } = useForm<Wanted>({
    defaultValues: {
      dataset: datasets[0]?.name ?? '',
      chosen: kinds.filter(({ compared }) => compared === 'suggested').map(({ kind }) => kind),
    },
  });
  const { dataset = '', chosen = [], ...given } = useWatch({ control });
  const numbers = Object.fromEntries(Object.entries(given).filter(([, one]) => Number.isFinite(one))) as Numbers;
  const request = { dataset, models: chosen.map((kind) => ({ kind })), ...numbers };
  const [refused, setRefused] = useState(false);
  const start = useMutation({
    mutationFn: () => client.call('backtest', { body: request }),
    onSuccess: (run) => void navigate(`/runs/${run.id}`),
  });
  const number = (key: keyof Numbers, label: string, help: string, placeholder: string, least = 1) => (
    <Field id={key} label={label} help={help}>
      <input id={key} type="number" min={least} placeholder={placeholder} {...register(key, { valueAsNumber: true })} />
    </Field>
  );
  return (
    <form className="card stack" onSubmit={(event) => void handleSubmit(() => start.mutate())(event)}>
      <fieldset className="plain">
        <legend>Who competes</legend>
        <div className="row">
          {kinds
            .filter(({ compared }) => compared !== 'always')
            .map(({ kind, summary }) => (
              <label key={kind} className="check" title={summary}>
                <input type="checkbox" value={kind} {...register('chosen')} />
                {kind}
              </label>
            ))}
          <span className="muted small">and seasonal naive</span>
        </div>
      </fieldset>
      <div className="fields">
        <Field id="backtest-dataset" label="Dataset">
          <select id="backtest-dataset" {...register('dataset')}>
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
      {chosen.length > 0 && <Estimate action={{ kind: 'backtest', request }} onRefused={setRefused} />}
      {start.error ? <Failure error={start.error} /> : null}
      <div className="row">
        <button type="submit" className="primary" disabled={start.isPending || refused || chosen.length === 0}>
          Start
        </button>
      </div>
    </form>
  );
}
