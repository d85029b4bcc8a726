/**
 * Errors by series, of a backtest or of what a training held out: the worst first, beside seasonal naive on the same steps. A training
 * whose kind chooses by series says what it chose.
 */
import type { BacktestSeries, ModelVersion } from '@almanac/contracts';
import { keepPreviousData, useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useState } from 'react';
import { Link } from 'react-router';
import { seriesAddress } from '../../app/address';
import { count, metric, share } from '../../app/format';
import { useClient } from '../../app/session';
import { saveCsv } from '../../ui/download';
import { type Column, DataTable } from '../../ui/dataTable';
import { Await, Failure } from '../../ui/parts';

const PAGE = 20;
const MOST = 1000;

export interface SeriesSource {
  /** Of the cache. */
  key: readonly unknown[];
  /** Forecasters that were scored; none to choose from where there is one. */
  labels: readonly string[];
  ask: (
    query: { label: string; limit: number; after: string | undefined; search?: string },
    signal?: AbortSignal,
  ) => Promise<{ items: BacktestSeries[]; next: string | null }>;
  /** Of the file. */
  name: string;
}

/** Errors of a backtest. */
export function BySeries({ runId, dataset, labels }: { runId: string; dataset: string; labels: readonly string[] }) {
  const client = useClient();
  const source: SeriesSource = {
    key: ['listBacktestSeries', runId],
    labels,
    ask: (query, signal) => client.call('listBacktestSeries', { params: { runId }, query }, signal),
    name: 'backtest',
  };
  return <SeriesErrors source={source} dataset={dataset} />;
}

/** Errors of a version on what its training held out. */
export function VersionSeries({ version: { model, version, lineage } }: { version: ModelVersion }) {
  const client = useClient();
  const source: SeriesSource = {
    key: ['modelVersionSeries', model, version],
    labels: [],
    ask: ({ label: _, ...query }, signal) => client.call('modelVersionSeries', { params: { model, version }, query }, signal),
    name: `${model}-${version}`,
  };
  return <SeriesErrors source={source} dataset={lineage.dataset} />;
}

function SeriesErrors({ source, dataset }: { source: SeriesSource; dataset: string }) {
  const { labels } = source;
  const [label, setLabel] = useState(labels[0] ?? '');
  const [text, setText] = useState('');
  const search = useDeferredValue(text.trim());
  const ask = (limit: number, after: string | undefined, signal?: AbortSignal) =>
    source.ask({ label, limit, after, ...(search ? { search } : {}) }, signal);
  const query = useInfiniteQuery({
    queryKey: [...source.key, label, search],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => ask(PAGE, pageParam, signal),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const csv = useMutation({
    mutationFn: async () => {
      const all: BacktestSeries[] = [];
      for (let after: string | null | undefined; after !== null;) {
        const page = await ask(MOST, after);
        all.push(...page.items);
        after = page.next;
      }
      saveCsv(
        [
          ['unique_id', 'observations', 'wql', 'seasonal_naive_wql', 'mase', 'mae', 'coverage_80', 'why'],
          ...all.map((one) => [one.uniqueId, one.observations, one.wql, one.naiveWql, one.mase, one.mae, one.coverage80, one.why]),
        ],
        `${[source.name, ...(label ? [label] : [])].join('-')}-by-series.csv`,
      );
    },
  });
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const chosen = items.some(({ why }) => why !== null);
  const columns = useMemo(
    (): Column<BacktestSeries>[] => [
      {
        id: 'series',
        title: 'Series',
        cell: (one) => <Link to={seriesAddress(`/series/${encodeURIComponent(dataset)}`, one.uniqueId)}>{one.uniqueId}</Link>,
      },
      {
        id: 'wql',
        title: 'WQL',
        number: true,
        cell: (one) =>
          one.wql !== null && one.naiveWql !== null && one.wql > one.naiveWql ? (
            <strong title="Worse than seasonal naive">{metric(one.wql)}</strong>
          ) : (
            metric(one.wql)
          ),
      },
      { id: 'naive', title: 'Seasonal naive', number: true, cell: (one) => metric(one.naiveWql) },
      { id: 'mase', title: 'MASE', number: true, cell: (one) => metric(one.mase) },
      { id: 'mae', title: 'MAE', number: true, cell: (one) => metric(one.mae) },
      { id: 'coverage', title: 'in 80 %', number: true, cell: (one) => share(one.coverage80) },
      { id: 'steps', title: 'Steps', number: true, cell: (one) => count(one.observations) },
      ...(chosen
        ? [{ id: 'why', title: 'What it chose, and why', cell: (one: BacktestSeries) => <span className="small">{one.why}</span> }]
        : []),
    ],
    [dataset, chosen],
  );
  return (
    <section className="card">
      <div className="row spread card-head">
        <h2>By series, worst first</h2>
        <div className="row">
          {labels.length > 0 && (
            <select aria-label="Forecaster" style={{ width: 'auto' }} value={label} onChange={(event) => setLabel(event.target.value)}>
              {labels.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          )}
          <input
            aria-label="Search the scored series"
            type="search"
            placeholder="Search"
            style={{ width: 150 }}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <button
            type="button"
            className="quiet compact"
            aria-label="Errors by series as CSV"
            disabled={csv.isPending}
            onClick={() => csv.mutate()}
          >
            CSV
          </button>
        </div>
      </div>
      {csv.error ? <Failure error={csv.error} /> : null}
      <Await query={query} height={240}>
        {() => {
          if (items.length === 0)
            return (
              <p className="muted">{search ? `No series has “${search}” in its id.` : 'It was made before errors were kept by series.'}</p>
            );
          return (
            <>
              <DataTable label="Errors by series" rows={items} columns={columns} rowKey={(one) => one.uniqueId} />
              {query.hasNextPage && (
                <button
                  type="button"
                  className="quiet compact"
                  disabled={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  {query.isFetchingNextPage ? 'Loading …' : 'More'}
                </button>
              )}
            </>
          );
        }}
      </Await>
    </section>
  );
}
