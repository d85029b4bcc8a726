/** A value once it has rested: what is typed or dragged asks the API when the hand does. */
import { useEffect, useState } from 'react';

export function useRested<T>(given: T, ms: number): T {
  const [rested, setRested] = useState(given);
  useEffect(() => {
    const timer = setTimeout(() => setRested(given), ms);
    return () => clearTimeout(timer);
  }, [given, ms]);
  return rested;
}
