/**
 * A choice that the address keeps. It changes at once, though the address follows a moment later: a box that is ticked must
 * not wait for a navigation.
 */
import { useState } from 'react';
import { useSearchParams } from 'react-router';

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
