/** Train: a form with sound defaults, what each option means, and how far it would reach into the data. */
import type { Dataset, TrainRequestInput } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { bytes, count, duration, value } from '../app/format';
import { useCall } from '../app/queries';
import { useRested } from '../app/rested';
import { useClient } from '../app/session';
import { Await, Empty, Failure, Field, Page, Skeleton } from '../ui/parts';

export function Component() {
  const query = useCall('listDatasets', { query: { limit: 1000 } });
  return (
    <Page
      title="Train"
      about="One model learns from all series of a dataset. Seasonal naive stands beside it, so that you see what it is worth."
    >
      <Await query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              title="There is nothing to learn from yet"
              action={
                <Link className="button primary" to="/upload">
                  Upload a file
                </Link>
              }
            >
              Upload a dataset first.
            </Empty>
          ) : (
            <TrainForm datasets={items} />
          )
        }
      </Await>
    </Page>
  );
}

const positive = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text));

function TrainForm({ datasets }: { datasets: Dataset[] }) {
  const [address, setAddress] = useSearchParams();
  const navigate = useNavigate();
  const client = useClient();
  const dataset = datasets.find((candidate) => candidate.name === address.get('dataset')) ?? (datasets[0] as Dataset);
  const kinds = useCall('modelKinds', {});
  const [form, setForm] = useState<Omit<TrainRequestInput, 'dataset'>>({ kind: 'segment' });
  const [refused, setRefused] = useState(false);
  const set = (change: Partial<TrainRequestInput>): void => setForm((before) => ({ ...before, ...change }));
  const train = useMutation({
    mutationFn: () => client.call('train', { body: { ...form, dataset: dataset.name } }),
    onSuccess: (run) => void navigate(`/runs/${run.id}`),
  });

  const season = dataset.seasonLengths[0];
  const horizon = form.horizon ?? (season === undefined ? 12 : 2 * season);
  const kind = kinds.data?.items.find((item) => item.kind === form.kind);
  const whole = (key: 'horizon' | 'contextLength' | 'holdout' | 'steps' | 'seed', label: string, help: string, placeholder: string) => (
    <Field id={key} label={label} help={help}>
      <input
        id={key}
        type="number"
        min={key === 'seed' ? 0 : 1}
        step={1}
        inputMode="numeric"
        placeholder={placeholder}
        value={form[key] ?? ''}
        onChange={(event) => set({ [key]: positive(event.target.value) })}
      />
    </Field>
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        train.mutate();
      }}
    >
      <section className="card stack">
        <div className="fields">
          <Field
            id="dataset"
            label="Dataset"
            help={`${count(dataset.seriesCount)} series, ${count(dataset.observationCount)} observations, ${dataset.frequency}`}
          >
            <select id="dataset" value={dataset.name} onChange={(event) => setAddress({ dataset: event.target.value })}>
              {datasets.map((candidate) => (
                <option key={candidate.id}>{candidate.name}</option>
              ))}
            </select>
          </Field>
          <Field id="kind" label="Kind of model" help={kind?.summary ?? 'What learns, or what stands in for learning.'}>
            <select id="kind" value={form.kind} onChange={(event) => set({ kind: event.target.value })}>
              {(kinds.data?.items ?? [{ kind: 'segment', summary: '', trainable: true }]).map((item) => (
                <option key={item.kind} value={item.kind}>
                  {item.kind}
                  {item.trainable ? '' : ' (baseline)'}
                </option>
              ))}
            </select>
          </Field>
          {whole('horizon', 'Horizon', 'Steps ahead that a forecast reaches.', String(season === undefined ? 12 : 2 * season))}
          <Field id="model" label="Name in the registry" help="A known name gets a new version.">
            <input
              id="model"
              value={form.model ?? ''}
              placeholder={`${dataset.name}-${form.kind ?? 'segment'}`}
              onChange={(event) => set({ model: event.target.value || undefined })}
            />
          </Field>
        </div>
        <details>
          <summary>More options</summary>
          <div className="fields" style={{ marginTop: 14 }}>
            {whole(
              'contextLength',
              'Lookback',
              'Steps of history that one forecast sees. More helps long seasons, and costs time.',
              'chosen from the seasons',
            )}
            {whole('holdout', 'Held-out steps', 'The last steps, kept from training, on which accuracy is measured.', String(horizon))}
            {whole('steps', 'Training steps', 'More steps learn more, until validation stops improving.', 'chosen from the size')}
            {whole('seed', 'Seed', 'The same seed on the same engine makes the same model.', '1')}
            <label className="check">
              <input type="checkbox" checked={form.promote ?? true} onChange={(event) => set({ promote: event.target.checked })} />
              Make it champion when the model has none
            </label>
            <label className="check">
              <input type="checkbox" checked={form.gate ?? false} onChange={(event) => set({ gate: event.target.checked })} />
              Let it challenge the champion, and win only by more than chance
            </label>
          </div>
        </details>
        <Prediction request={{ ...form, dataset: dataset.name }} onRefused={setRefused} />
        <div className="row">
          <button type="submit" className="primary" disabled={train.isPending || refused}>
            {train.isPending ? 'Queueing …' : 'Train'}
          </button>
        </div>
      </section>
      {train.error ? <Failure error={train.error} /> : null}
    </form>
  );
}

/** What it would take, asked anew when the form rests; the same numbers decide whether the run is admitted. */
function Prediction({ request, onRefused }: { request: TrainRequestInput; onRefused: (refused: boolean) => void }) {
  // As text: a form that was drawn anew is still the same form.
  const rested = useRested(JSON.stringify(request), 300);
  const query = useCall(
    'predictRun',
    { body: { kind: 'train', request: JSON.parse(rested) as TrainRequestInput } },
    { keepPrevious: true },
  );
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
          <>The time is from {p.likeRun ? <Link to={`/runs/${p.likeRun}`}>a training</Link> : 'trainings'} on this machine.</>
        ) : (
          'No training has been measured here yet: the time is that of a typical machine.'
        )}{' '}
        It can be cancelled at any time.
      </span>
    </div>
  );
}
