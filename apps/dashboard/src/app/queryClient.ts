/**
 * One cache of answers. A refusal (4xx) is final; anything else is tried twice more. Where a session has ended, it is asked who is
 * signed in. Where somebody else has changed what is shown, all of it is read again, so that the next attempt is about what is there.
 */
import { ApiError } from '@almanac/contracts';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { SESSION_KEY } from './session';

const onError = (error: unknown): void => {
  if (error instanceof ApiError && error.code === 'SESSION_ENDED') void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
};

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({
    onError(error) {
      onError(error);
      if (error instanceof ApiError && error.code === 'CHANGED_MEANWHILE') void queryClient.invalidateQueries();
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.problem.status < 500),
      refetchOnWindowFocus: true,
    },
  },
});
