/** Errors of a backtest by series, the worst first, beside seasonal naive on the same steps. */
import type { BacktestSeries } from '@almanac/contracts';
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

export function BySeries({ runId, dataset, labels }: { runId: string; dataset: string; labels: readonly string[] }) {
  const client = useClient();
  const [label, setLabel] = useState(labels[0] ?? '');
  const [text, setText] = useState('');
  const search = useDeferredValue(text.trim());
  const ask = (limit: number, after: string | undefined, signal?: AbortSignal) =>
    client.call('listBacktestSeries', { params: { runId }, query: { label, limit, after, ...(search ? { search } : {}) } }, signal);
  const query = useInfiniteQuery({
    queryKey: ['listBacktestSeries', runId, label, search],
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
          ['unique_id', 'observations', 'wql', 'seasonal_naive_wql', 'mase', 'mae', 'coverage_80'],
          ...all.map((one) => [one.uniqueId, one.observations, one.wql, one.naiveWql, one.mase, one.mae, one.coverage80]),
        ],
        `backtest-${label}-by-series.csv`,
      );
    },
  });
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
    ],
    [dataset],
  );
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  return (
    <section className="card">
      <div className="row spread card-head">
        <h2>By series, worst first</h2>
        <div className="row">
          <select aria-label="Forecaster" style={{ width: 'auto' }} value={label} onChange={(event) => setLabel(event.target.value)}>
            {labels.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
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
              <p className="muted">
                {search ? `No series has “${search}” in its id.` : 'This backtest was made before errors were kept by series.'}
              </p>
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
