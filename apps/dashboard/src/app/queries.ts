/** What the views read, each under one cache key; `client.call` checks every answer against the contracts. */
import type { EndpointInput, EndpointName, EndpointOutput, ItemOf, ListName, Run, SeriesSort } from '@almanac/contracts';
import { keepPreviousData, useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useClient } from './session';

interface CallOptions {
  enabled?: boolean;
  refetchInterval?: number;
  keepPrevious?: boolean;
}

/** Any endpoint that answers JSON. */
export function useCall<N extends EndpointName>(
  name: N,
  input: EndpointInput<N>,
  options: CallOptions = {},
): UseQueryResult<EndpointOutput<N>> {
  const client = useClient();
  return useQuery({
    queryKey: [name, input],
    queryFn: ({ signal }) => client.call(name, input, signal),
    enabled: options.enabled ?? true,
    ...(options.refetchInterval ? { refetchInterval: options.refetchInterval } : {}),
    ...(options.keepPrevious ? { placeholderData: keepPreviousData } : {}),
  }) as UseQueryResult<EndpointOutput<N>>;
}

/** Everything of a list that people make by hand or by name, however long it is; what grows by itself is asked for a page at a time. */
export function useAll<N extends ListName>(
  name: N,
  input: EndpointInput<N>,
  options: Pick<CallOptions, 'refetchInterval'> = {},
): UseQueryResult<{ items: ItemOf<N>[] }> {
  const client = useClient();
  return useQuery({
    queryKey: [name, input, 'all'],
    queryFn: async ({ signal }) => ({ items: await client.listAll(name, input, signal) }),
    ...options,
  });
}

export const runKey = (runId: string): readonly unknown[] => ['getRun', { params: { runId } }];

const PAGE = 100;
/** Steps in the sparkline of a series: a week of hours, half a year of days. */
const SPARKLINE = 168;

/** Series of a dataset, page after page. */
export function useSeriesList(
  dataset: string | undefined,
  { search, sort, where }: { search: string; sort: SeriesSort; where: string | undefined },
) {
  const client = useClient();
  return useInfiniteQuery({
    queryKey: ['listSeries', dataset, search, sort, where],
    enabled: dataset !== undefined,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      client.call(
        'listSeries',
        {
          params: { dataset: dataset ?? '' },
          query: { limit: PAGE, sparkline: SPARKLINE, sort, where, after: pageParam, ...(search ? { search } : {}) },
        },
        signal,
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** Runs that are queued or under way. */
export function useActiveRuns(): Run[] {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['activeRuns'],
    refetchInterval: 4000,
    queryFn: async ({ signal }) => {
      const [running, queued] = await Promise.all(
        (['running', 'queued'] as const).map((status) => client.call('listRuns', { query: { status, limit: 20 } }, signal)),
      );
      return [...(running?.items ?? []), ...(queued?.items ?? [])];
    },
  });
  return data ?? [];
}
