/**
 * What if: the future covariates of one series as points that can be dragged, and the forecast that follows them, beside the
 * one with the covariates as they are stored. Nothing is stored.
 */
import type { Dataset, ModelVersion, Observations, StepTime, WhatIf } from '@almanac/contracts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { useSeriesId } from '../app/address';
import { isSubDaily, share, shortTime, value } from '../app/format';
import { useCall } from '../app/queries';
import { useRested } from '../app/rested';
import { useClient } from '../app/session';
import type { Cell } from '../ui/download';
import { ChartCard } from '../ui/chartCard';
import { Await, Empty, Failure, Page } from '../ui/parts';
import { Compared } from './whatIf/compared';
import { CovariateEditor } from './whatIf/editor';

export function Component() {
  const { model = '' } = useParams();
  const uniqueId = useSeriesId() ?? '';
  const [address] = useSearchParams();
  const query = useCall('getModelVersion', { params: { model, version: Number(address.get('version')) || 'champion' } });
  return (
    <Page
      title={`What if: ${uniqueId}`}
      about={
        <>
          Change what will be known of the future, and see what <Link to={`/models/${encodeURIComponent(model)}`}>{model}</Link> makes of
          it. Nothing is stored.
        </>
      }
    >
      <Await query={query} height={400}>
        {(version) => {
          if (version.futureCovariates.length === 0)
            return (
              <Empty title="This model looks at no future covariates">
                Say which columns are future covariates when the dataset is uploaded, and train a model on it.
              </Empty>
            );
          return <Loaded key={`${version.version} ${uniqueId}`} version={version} uniqueId={uniqueId} />;
        }}
      </Await>
    </Page>
  );
}

function Loaded({ version, uniqueId }: { version: ModelVersion; uniqueId: string }) {
  const dataset = useCall('getDataset', { params: { dataset: version.lineage.dataset } });
  return (
    <Await query={dataset} height={400}>
      {(found) => <Placed version={version} uniqueId={uniqueId} dataset={found} />}
    </Await>
  );
}

interface Subject {
  version: ModelVersion;
  uniqueId: string;
  dataset: Dataset;
}

/** Forecasts from the end where the covariates reach far enough beyond it, else from a horizon before the end. */
function Placed({ version, uniqueId, dataset }: Subject) {
  const [address] = useSearchParams();
  const params = { dataset: dataset.name, uniqueId };
  const history = useCall('getObservations', { params, query: { maxPoints: 100_000 } });
  const last = history.data?.ds.at(-1);
  const beyond = useCall(
    'getObservations',
    { params, query: { channel: version.futureCovariates[0] ?? '', from: last, maxPoints: 20_000 } },
    { enabled: last !== undefined },
  );
  return (
    <Await query={history} height={400}>
      {(known) => (
        <Await query={beyond} height={400}>
          {({ ds }) => {
            const reaches = ds.length > version.horizon;
            const cutoff = address.get('cutoff') ?? (reaches ? undefined : known.ds.at(-1 - version.horizon));
            return (
              <>
                {!reaches && (
                  <div className="note">
                    <strong>The stored future covariates end too early for a forecast from the last observation.</strong>
                    <span>
                      This is what would have been forecast {version.horizon} steps before it. Upload their values through the horizon to
                      look ahead.
                    </span>
                  </div>
                )}
                <Change version={version} uniqueId={uniqueId} dataset={dataset} history={known} cutoff={cutoff} />
              </>
            );
          }}
        </Await>
      )}
    </Await>
  );
}

type Edits = Record<string, readonly number[]>;

function Change({ version, uniqueId, dataset, history, cutoff }: Subject & { history: Observations; cutoff: StepTime | undefined }) {
  const client = useClient();
  const [edits, setEdits] = useState<Edits>({});
  const rested = useRested(edits, 120);
  const query = useQuery({
    queryKey: ['whatIf', version.model, version.version, uniqueId, cutoff, rested],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      client.whatIf(
        {
          model: `${version.model}/${version.version}`,
          uniqueIds: [uniqueId],
          ...(cutoff === undefined ? {} : { cutoff }),
          // A change of nothing still tells how the covariate stands.
          changes: version.futureCovariates.map((covariate) => ({
            covariate,
            ...(rested[covariate] ? { values: [...rested[covariate]] } : { add: 0 }),
          })),
        },
        signal,
      ),
  });
  const item = query.data?.items[0];
  if (!query.data || !item)
    return (
      <Await query={{ ...query, data: undefined }} height={400}>
        {() => null}
      </Await>
    );
  // What the answer says, not the hand: the two differ while the forecast is made.
  const changed = item.covariates.some((covariate) => covariate.changed.some((one, step) => one !== covariate.baseline[step]));
  return (
    <>
      {query.error ? <Failure error={query.error} /> : null}
      <ChartCard
        title="Forecast"
        name={`${version.model}-${uniqueId}-what-if`}
        csv={() => rows(query.data, item)}
        about={<Totals answer={query.data} item={item} changed={changed} />}
      >
        <Compared answer={query.data} item={item} history={history} zone={dataset.timeZone} />
      </ChartCard>
      {item.covariates.map((covariate) => (
        <CovariateEditor
          key={covariate.name}
          name={covariate.name}
          ds={item.ds}
          baseline={covariate.baseline.map((one) => one ?? 0)}
          values={edits[covariate.name]}
          zone={dataset.timeZone}
          withTime={isSubDaily(dataset.frequency)}
          onChange={(values) =>
            setEdits((before) => {
              const others = Object.fromEntries(Object.entries(before).filter(([name]) => name !== covariate.name));
              return values ? { ...others, [covariate.name]: values } : others;
            })
          }
        />
      ))}
      <p className="small muted">
        From {shortTime(item.cutoff, dataset.timeZone, isSubDaily(dataset.frequency))}, version {version.version}. Other steps than those of
        the horizon stay as they are stored.
      </p>
    </>
  );
}

type Item = WhatIf['items'][number];
const medianOf = ({ levels }: WhatIf, quantiles: Item['baseline']): (number | null)[] =>
  quantiles[levels.findIndex((level) => Math.abs(level - 0.5) < 1e-9)] ?? [];
const sum = (values: readonly (number | null)[]): number => values.reduce<number>((total, one) => total + (one ?? 0), 0);

function Totals({ answer, item, changed }: { answer: WhatIf; item: Item; changed: boolean }) {
  const before = sum(medianOf(answer, item.baseline));
  const after = sum(medianOf(answer, item.changed));
  return (
    <span role="status">
      {changed
        ? `Over the horizon ${value(before)} becomes ${value(after)}${before === 0 ? '' : `, ${after >= before ? '+' : '−'}${share(Math.abs(after / before - 1))}`}.`
        : `Over the horizon ${value(before)}. Drag the points below.`}
    </span>
  );
}

function rows(answer: WhatIf, item: Item): Cell[][] {
  const columns = ['baseline', 'changed'] as const;
  return [
    [
      'unique_id',
      'ds',
      ...item.covariates.flatMap(({ name }) => [name, `${name} changed`]),
      ...columns.flatMap((column) => answer.levels.map((level) => `${column} ${level}`)),
    ],
    ...item.ds.map((ds, step) => [
      item.uniqueId,
      ds,
      ...item.covariates.flatMap((covariate) => [covariate.baseline[step], covariate.changed[step]]),
      ...columns.flatMap((column) => item[column].map((quantile) => quantile[step])),
    ]),
  ];
}
