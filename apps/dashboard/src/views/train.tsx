/** Train: a form with sound defaults, what each option means, and how far it would reach into the data. */
import { type Dataset, DEFAULT_KIND, type TrainRequestInput } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { count } from '../app/format';
import { useAll, useCall } from '../app/queries';
import { useClient } from '../app/session';
import { Only } from '../ui/only';
import { Await, Empty, Failure, Field, Page } from '../ui/parts';
import { KindSettings } from './train/kindSettings';
import { Estimate } from './train/estimate';
import { configOf, settingsOf, type Written } from './train/settings';

export function Component() {
  const query = useAll('listDatasets', {});
  return (
    <Page
      title="Train"
      about="One model learns from all series of a dataset. Seasonal naive stands beside it, so that you see what it is worth."
      actions={
        <Only>
          <Link className="button" to="/search">
            Search settings
          </Link>
        </Only>
      }
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

/** What the form asks for. */
type Wanted = Omit<TrainRequestInput, 'dataset' | 'forecast'>;

/** Fields that were left empty say nothing: their defaults are the server's. */
const asRequest = (given: Wanted): Wanted =>
  Object.fromEntries(Object.entries(given).filter(([, one]) => one !== '' && one !== undefined && !Number.isNaN(one))) as Wanted;

function TrainForm({ datasets }: { datasets: Dataset[] }) {
  const [address, setAddress] = useSearchParams();
  const navigate = useNavigate();
  const client = useClient();
  const dataset = datasets.find((candidate) => candidate.name === address.get('dataset')) ?? (datasets[0] as Dataset);
  const kinds = useCall('modelKinds', {});
  const { register, handleSubmit, control } = useForm<Wanted>({ defaultValues: { kind: DEFAULT_KIND, promote: true, gate: false } });
  const [written, setWritten] = useState<Written>({});
  const given = asRequest(useWatch({ control }));
  const kind = kinds.data?.items.find((item) => item.kind === given.kind);
  const settings = kind ? settingsOf(kind.settings) : [];
  const config = configOf(written, settings);
  const form = Object.keys(config).length > 0 ? { ...given, config } : given;
  const [refused, setRefused] = useState(false);
  const train = useMutation({
    mutationFn: () => client.call('train', { body: { ...form, dataset: dataset.name } }),
    onSuccess: (run) => void navigate(`/runs/${run.id}`),
  });

  const season = dataset.seasonLengths[0];
  const horizon = form.horizon ?? (season === undefined ? 12 : 2 * season);
  const whole = (key: 'horizon' | 'contextLength' | 'holdout' | 'steps' | 'seed', label: string, help: string, placeholder: string) => (
    <Field id={key} label={label} help={help}>
      <input
        id={key}
        type="number"
        min={key === 'seed' ? 0 : 1}
        step={1}
        inputMode="numeric"
        placeholder={placeholder}
        {...register(key, { valueAsNumber: true })}
      />
    </Field>
  );
  return (
    <form className="stack" onSubmit={(event) => void handleSubmit(() => train.mutate())(event)}>
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
            <select id="kind" {...register('kind')}>
              {(kinds.data?.items ?? [{ kind: DEFAULT_KIND, trainable: true }]).map((item) => (
                <option key={item.kind} value={item.kind}>
                  {item.kind}
                  {item.trainable ? '' : ' (baseline)'}
                </option>
              ))}
            </select>
          </Field>
          {whole('horizon', 'Horizon', 'Steps ahead that a forecast reaches.', String(season === undefined ? 12 : 2 * season))}
          <Field id="model" label="Name in the registry" help="A known name gets a new version.">
            <input id="model" placeholder={`${dataset.name}-${form.kind ?? DEFAULT_KIND}`} autoComplete="off" {...register('model')} />
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
            <Field
              id="startFrom"
              label="Start from"
              help="Go on from the weights of a version of the same kind, on new data or on other series; only for networks of the kind segment."
            >
              <input
                id="startFrom"
                placeholder="random weights"
                autoComplete="off"
                {...register('startFrom', { setValueAs: (text: string) => (text.trim() === '' ? undefined : text.trim()) })}
              />
            </Field>
            {whole('seed', 'Seed', 'The same seed on the same engine makes the same model.', '1')}
            <label className="check">
              <input type="checkbox" {...register('promote')} />
              Make it champion when the model has none
            </label>
            <label className="check">
              <input type="checkbox" {...register('gate')} />
              Let it challenge the champion, and win only by more than chance
            </label>
          </div>
        </details>
        {settings.length > 0 && (
          <details>
            <summary>Settings of the kind {kind?.kind}</summary>
            <KindSettings settings={settings} written={written} onChange={setWritten} />
          </details>
        )}
        <Estimate action={{ kind: 'train', request: { ...form, dataset: dataset.name } }} onRefused={setRefused} />
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
