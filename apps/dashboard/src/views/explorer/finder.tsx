/** Dataset and series: search as you type, scroll through ten thousand, move with j and k. */
import { type Dataset, type Series, type SeriesSort, seriesSort } from '@almanac/contracts';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { seriesAddress, useAddressState } from '../../app/address';
import { count, share } from '../../app/format';
import { useHotkeys } from '../../app/hotkeys';
import { useCall, useSeriesList } from '../../app/queries';
import { useRested } from '../../app/rested';
import { Failure, Options, Skeleton } from '../../ui/parts';
import { Sparkline } from './sparkline';

const ROW = 48;
const orders: Record<SeriesSort, string> = {
  id: 'By id',
  worst: 'Worst forecast first',
  best: 'Best forecast first',
  rise: 'Largest rise first',
  fall: 'Largest fall first',
};

/** What the order goes by, in place of the length. */
function about({ length, error, change }: Series, sort: SeriesSort): string {
  if (length === 0) return 'never observed';
  if (sort === 'id') return `${count(length)} steps`;
  if (sort === 'worst' || sort === 'best') return typeof error === 'number' ? `error ${share(error)}` : 'not judged yet';
  return typeof change === 'number' ? `${change > 0 ? '+' : ''}${share(change)} in a season` : 'no season before';
}

export function Finder({ datasets, dataset, uniqueId }: { datasets: Dataset[]; dataset: Dataset; uniqueId: string | undefined }) {
  const navigate = useNavigate();
  const [address, setAddress] = useSearchParams();
  const [text, setText] = useState(() => address.get('q') ?? '');
  const search = useDeferredValue(text.trim());
  const [wantedSort, keepSort] = useAddressState('sort');
  const [where, keepWhere] = useAddressState('where');
  const sort = seriesSort.safeParse(wantedSort).data ?? 'id';
  const covariates = useCall('listStaticCovariates', { params: { dataset: dataset.name } }).data?.items ?? [];
  const query = useSeriesList(dataset.name, { search, sort, where });
  // The order, the filter, and what the chart shows go along from series to series.
  const addressOf = (id: string): string => seriesAddress(`/series/${encodeURIComponent(dataset.name)}`, id, address);
  const put = (keep: (to: string | undefined) => void, to: string): void => {
    scroller.current?.scrollTo({ top: 0 });
    keep(to || undefined);
  };
  const rested = useRested(search, 400);
  useEffect(() => {
    if (rested === (address.get('q') ?? '')) return;
    setAddress(
      (before) => {
        if (rested) before.set('q', rested);
        else before.delete('q');
        return before;
      },
      { replace: true },
    );
    // Only what was typed goes into the address; what is typed never comes out of it again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [rested]);
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const input = useRef<HTMLInputElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const virtual = rows.getVirtualItems();
  const last = virtual.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;

  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= items.length - 30) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, last, items.length]);

  const firstId = items[0]?.uniqueId;
  const firstAddress = firstId === undefined ? undefined : addressOf(firstId);
  useEffect(() => {
    if (uniqueId === undefined && firstAddress !== undefined) void navigate(firstAddress, { replace: true });
  }, [uniqueId, firstAddress, navigate]);

  const selected = items.findIndex((item) => item.uniqueId === uniqueId);
  const scrolled = useRef(false);
  useEffect(() => {
    // Once: afterwards the reader scrolls.
    if (scrolled.current || selected < 0) return;
    scrolled.current = true;
    rows.scrollToIndex(selected, { align: 'auto' });
  }, [selected, rows]);

  const move = (by: number): void => {
    const next = items[Math.max(0, Math.min(items.length - 1, selected + by))];
    if (!next) return;
    rows.scrollToIndex(Math.max(0, selected + by));
    void navigate(addressOf(next.uniqueId), { replace: true });
  };
  useHotkeys({ '/': () => input.current?.focus(), j: () => move(1), k: () => move(-1) });

  return (
    <section className="finder" aria-label="Series">
      <div className="controls">
        <label className="visually-hidden" htmlFor="dataset">
          Dataset
        </label>
        <select id="dataset" value={dataset.name} onChange={(event) => void navigate(`/series/${encodeURIComponent(event.target.value)}`)}>
          {datasets.map((candidate) => (
            <option key={candidate.id}>{candidate.name}</option>
          ))}
        </select>
        <label className="visually-hidden" htmlFor="search">
          Search series
        </label>
        <input
          id="search"
          ref={input}
          type="search"
          placeholder={`Search ${count(dataset.seriesCount)} series`}
          value={text}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') move(1);
            else if (event.key === 'ArrowUp') move(-1);
            else if (event.key === 'Enter' && firstAddress !== undefined) void navigate(firstAddress);
            else if (event.key === 'Escape') input.current?.blur();
            else return;
            event.preventDefault();
          }}
        />
        <label className="visually-hidden" htmlFor="order">
          Order
        </label>
        <select id="order" value={sort} onChange={(event) => put(keepSort, event.target.value === 'id' ? '' : event.target.value)}>
          <Options of={orders} />
        </select>
        {covariates.length > 0 && (
          <select aria-label="Filter" value={where ?? ''} onChange={(event) => put(keepWhere, event.target.value)}>
            <option value="">All of them</option>
            {covariates.map(({ name, values }) => (
              <optgroup key={name} label={name}>
                {values.map(({ value, series }) => (
                  <option key={value} value={`${name}=${value}`}>
                    {name}: {value} ({count(series)})
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        )}
        <div className="hint">
          <span>
            {dataset.frequency}, {dataset.timeZone}, version {dataset.version}
          </span>
          <span>
            <kbd>/</kbd> <kbd>j</kbd> <kbd>k</kbd>
          </span>
        </div>
      </div>
      <div ref={scroller} className="series-list" tabIndex={-1}>
        {query.error ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
        {query.isPending && (
          <div style={{ padding: 14 }}>
            <Skeleton height={8 * ROW} />
          </div>
        )}
        {query.isSuccess && items.length === 0 && (
          <p className="muted" style={{ padding: 16 }}>
            {search ? `No series has “${search}” in its id` : 'No series is like that'}
            {search && where ? ` where ${where.replace('=', ' is ')}.` : '.'}
          </p>
        )}
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {virtual.map((row) => {
            const item = items[row.index];
            if (!item) return null;
            return (
              <Link
                key={item.uniqueId}
                to={addressOf(item.uniqueId)}
                aria-current={item.uniqueId === uniqueId}
                style={{ height: ROW, transform: `translateY(${row.start}px)` }}
              >
                <span style={{ minWidth: 0 }}>
                  <div className="id" title={item.uniqueId}>
                    {item.uniqueId}
                  </div>
                  <div className="meta">{about(item, sort)}</div>
                </span>
                {item.sparkline && <Sparkline values={item.sparkline} />}
              </Link>
            );
          })}
        </div>
      </div>
    </section>
  );
}
