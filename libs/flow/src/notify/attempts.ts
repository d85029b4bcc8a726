/** How often a delivery is attempted, and how long is waited in between. */

/** After so many attempts, about a day, a delivery is given up. */
export const MAX_ATTEMPTS = 10;

const FIRST_MS = 5_000;
const FACTOR = 4;
const LONGEST_MS = 6 * 3_600_000;

/**
 * Milliseconds to wait after the given attempt: 5 s, 20 s, 80 s … 6 h, each a quarter more or less, so that the
 * deliveries of one outage do not all come back at once. Null: given up.
 * @param random in [0, 1)
 */
export function pauseAfter(attempt: number, random: number, firstMs = FIRST_MS): number | null {
  if (attempt >= MAX_ATTEMPTS) return null;
  return Math.min(LONGEST_MS, firstMs * FACTOR ** (attempt - 1)) * (0.75 + random / 2);
}
