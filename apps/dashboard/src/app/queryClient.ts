/** One cache of answers. A refusal (4xx) is final; anything else is tried twice more. */
import { ApiError } from '@almanac/contracts';
import { QueryClient } from '@tanstack/react-query';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.problem.status < 500),
      refetchOnWindowFocus: true,
    },
  },
});
