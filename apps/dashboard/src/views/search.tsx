/** Search: which settings forecast a dataset best. The space is shown, and can be changed line by line. */
import type { Dataset, ModelKind, SearchRequestInput, SearchSpace } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { useAll, useCall } from '../app/queries';
import { useClient } from '../app/session';
import { Only } from '../ui/only';
import { Await, Empty, Failure, Field, Page } from '../ui/parts';
import { type Lines, linesOf, plainSettings, spaceOf } from './search/space';
import { Estimate } from './train/estimate';

export function Component() {
  const datasets = useAll('listDatasets', {});
  const kinds = useCall('modelKinds', {});
  return (
    <Page
      title="Search settings"
      about="Many candidates are trained briefly, the best of them longer, and the winner becomes a version of the model."
      actions={
        <Only>
          <Link className="button" to="/train">
            Train without a search
          </Link>
        </Only>
      }
    >
      <Await query={datasets}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="There is nothing to learn from yet">Upload a dataset first.</Empty>
          ) : (
            <Await query={kinds}>{(known) => <Choice datasets={items} kinds={known.items.filter(({ searchable }) => searchable)} />}</Await>
          )
        }
      </Await>
    </Page>
  );
}

/** Dataset and kind; what can be varied follows from them. */
function Choice({ datasets, kinds }: { datasets: Dataset[]; kinds: ModelKind[] }) {
  const [address, setAddress] = useSearchParams();
  const dataset = datasets.find(({ name }) => name === address.get('dataset')) ?? (datasets[0] as Dataset);
  const kind = kinds.find((one) => one.kind === address.get('kind')) ?? (kinds[0] as ModelKind);
  const space = useCall('searchSpace', { query: { dataset: dataset.name, kind: kind.kind } });
  return (
    <section className="card stack">
      <div className="fields">
        <Field id="dataset" label="Dataset">
          <select id="dataset" value={dataset.name} onChange={(event) => setAddress({ dataset: event.target.value, kind: kind.kind })}>
            {datasets.map(({ id, name }) => (
              <option key={id}>{name}</option>
            ))}
          </select>
        </Field>
        <Field id="kind" label="Kind of model" help={kind.summary}>
          <select id="kind" value={kind.kind} onChange={(event) => setAddress({ dataset: dataset.name, kind: event.target.value })}>
            {kinds.map((one) => (
              <option key={one.kind}>{one.kind}</option>
            ))}
          </select>
        </Field>
      </div>
      <Await query={space}>
        {(found) => <SearchForm key={`${dataset.name} ${kind.kind}`} dataset={dataset} kind={kind.kind} found={found} />}
      </Await>
    </section>
  );
}

type Numbers = Pick<
  SearchRequestInput,
  'horizon' | 'trials' | 'budgetSteps' | 'budgetMinutes' | 'steps' | 'windows' | 'stepSize' | 'holdout' | 'seed'
>;
type Wanted = Numbers & Pick<SearchRequestInput, 'model' | 'gate'>;

function SearchForm({ dataset, kind, found }: { dataset: Dataset; kind: string; found: SearchSpace }) {
  const client = useClient();
  const navigate = useNavigate();
  const { register, handleSubmit, control } = useForm<Wanted>();
  const [lines, setLines] = useState<Lines>(() => linesOf(found.space));
  const given = useWatch({ control });
  const form = Object.fromEntries(
    Object.entries(given).filter(([, one]) => one !== '' && one !== undefined && one !== false && !Number.isNaN(one)),
  ) as Wanted;
  const request = { ...form, dataset: dataset.name, kind, space: spaceOf(lines) };
  const [refused, setRefused] = useState(false);
  const start = useMutation({
    mutationFn: () => client.call('search', { body: request }),
    onSuccess: (run) => void navigate(`/runs/${run.id}`),
  });
  const season = dataset.seasonLengths[0];
  const others = plainSettings(found.config).filter((path) => !Object.hasOwn(lines, path));
  const number = (key: keyof Numbers, label: string, help: string, placeholder: string) => (
    <Field id={key} label={label} help={help}>
      <input
        id={key}
        type="number"
        min={key === 'seed' ? 0 : key === 'budgetMinutes' ? 0.1 : 1}
        step={key === 'budgetMinutes' ? 'any' : 1}
        placeholder={placeholder}
        {...register(key, { valueAsNumber: true })}
      />
    </Field>
  );
  return (
    <form className="stack" onSubmit={(event) => void handleSubmit(() => start.mutate())(event)}>
      <fieldset className="plain">
        <legend>What is varied</legend>
        <p className="small muted">
          Values with commas between, or a range such as 0.0005 to 0.005. A line that is left empty is not varied. The first candidate has
          the settings as they are.
        </p>
        <div className="fields">
          {Object.keys(lines).map((path) => (
            <Field key={path} id={`space-${path}`} label={path}>
              <input
                id={`space-${path}`}
                value={lines[path]}
                placeholder="not varied"
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => setLines({ ...lines, [path]: event.target.value })}
              />
            </Field>
          ))}
          <Field id="space-other" label="Vary another setting">
            <select id="space-other" value="" onChange={(event) => setLines({ ...lines, [event.target.value]: '' })}>
              <option value="">choose one</option>
              {others.map((path) => (
                <option key={path}>{path}</option>
              ))}
            </select>
          </Field>
        </div>
      </fieldset>
      <div className="fields">
        {number('trials', 'Candidates', 'That the search begins with.', '9')}
        {number('budgetMinutes', 'Or minutes', 'As many candidates as are expected to take so long.', 'no budget')}
        {number('budgetSteps', 'Or training steps', 'Of all trials together.', 'no budget')}
        {number('horizon', 'Horizon', 'Steps ahead.', String(season === undefined ? 12 : 2 * season))}
        <Field id="model" label="Name in the registry" help="A known name gets a new version.">
          <input id="model" placeholder={`${dataset.name}-${kind}`} autoComplete="off" {...register('model')} />
        </Field>
      </div>
      <details>
        <summary>More options</summary>
        <div className="fields" style={{ marginTop: 14 }}>
          {number('steps', 'Steps of the winner', 'And of the last rung; earlier rungs have a third of the next.', String(found.steps))}
          {number('windows', 'Cutoffs', 'That each trial is scored at.', '3')}
          {number('stepSize', 'Steps between cutoffs', 'Less than the horizon: windows overlap.', 'the horizon')}
          {number('holdout', 'Held-out steps', 'That no trial sees; the winner is measured on them.', 'the horizon')}
          {number('seed', 'Seed', 'The same seed tries the same candidates.', '1')}
          <label className="check">
            <input type="checkbox" {...register('gate')} />
            Let the winner challenge the champion, and win only by more than chance
          </label>
        </div>
      </details>
      <Estimate action={{ kind: 'search', request }} onRefused={setRefused} />
      {start.error ? <Failure error={start.error} /> : null}
      <div className="row">
        <button type="submit" className="primary" disabled={start.isPending || refused}>
          {start.isPending ? 'Queueing …' : 'Search'}
        </button>
      </div>
    </form>
  );
}
