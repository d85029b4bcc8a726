/** After a source was made, read or deleted. */
import { useQueryClient } from '@tanstack/react-query';

export function useSourcesChanged(): () => Promise<unknown> {
  const cache = useQueryClient();
  return () => Promise.all(['listSources', 'listSchedules', 'activeRuns'].map((key) => cache.invalidateQueries({ queryKey: [key] })));
}
