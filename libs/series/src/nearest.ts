/** The name that somebody who misspelt one may have meant. */
import { distance } from 'fastest-levenshtein';

/** Longer texts are no slip of a name; comparing them would take as long as they are. */
const LONGEST = 100;

/** The name that differs least from what was written, where it can have been meant: in a third of the letters, or in two. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  if (written.length > LONGEST) return undefined;
  const far = Math.max(written.length > 3 ? 2 : 1, Math.floor(written.length / 3));
  const ranked = names
    .map((name) => ({ name, distance: distance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0] && ranked[0].distance <= far ? ranked[0].name : undefined;
}
