/**
 * What the address holds: which series a view shows, and the choices that are kept in it. A choice changes at once, though the address
 * follows a moment later: a box that is ticked must not wait for a navigation.
 */
import { useState } from 'react';
import { useParams, useSearchParams } from 'react-router';

/**
 * The address of a view of one series. Browsers take an id of dots for a folder, and the router takes `%2F` in one for a slash: such
 * an id stands in the query.
 */
export function seriesAddress(view: string, uniqueId: string, query?: URLSearchParams): string {
  const kept = new URLSearchParams(query);
  kept.delete('id');
  const inPath = !/^\.{1,2}$|%2f/i.test(uniqueId);
  if (!inPath) kept.set('id', uniqueId);
  return `${view}/${inPath ? encodeURIComponent(uniqueId) : '-'}${kept.size > 0 ? `?${kept}` : ''}`;
}

/** The series of such an address; undefined where it names none. */
export function useSeriesId(): string | undefined {
  const { uniqueId } = useParams();
  const [query] = useSearchParams();
  return uniqueId === undefined ? undefined : (query.get('id') ?? uniqueId);
}

export function useAddressState(name: string): [string | undefined, (to: string | undefined) => void] {
  const [address, setAddress] = useSearchParams();
  const given = address.get(name) ?? undefined;
  const [seen, setSeen] = useState(given);
  const [value, setValue] = useState(given);
  // A link, or a step back, is an other choice.
  if (given !== seen) {
    setSeen(given);
    setValue(given);
  }
  return [
    value,
    (to) => {
      setValue(to);
      setAddress(
        (before) => {
          if (to === undefined) before.delete(name);
          else before.set(name, to);
          return before;
        },
        { replace: true },
      );
    },
  ];
}
