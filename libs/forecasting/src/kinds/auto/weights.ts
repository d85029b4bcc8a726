/**
 * How much each member counts, for a panel and for each series: a prior mix, from which what was measured moves it only so far.
 *
 * Choosing the best by one stretch of time is worse than a fixed mix nearly everywhere (the forecast combination puzzle; Claeskens et al.
 * 2016): what a few cutoffs tell is mostly noise. So a member loses weight only where it errs clearly more than the mix does: measured
 * over the whole panel, and for a series by what its own cutoffs add to that.
 */

/** Losses of members at one series and cutoff, in one unit; NaN where a member has none that is fair. */
export interface Measured {
  series: number;
  /** [members] */
  losses: readonly number[];
}

export interface Weights {
  /** Loss of each member relative to the mix; NaN where nothing was measured. */
  relative: number[];
  /** [members], add up to 1: of a series of which nothing is known. */
  panel: number[];
  /** By series; those without measurements of their own are absent. */
  own: Map<number, number[]>;
}

/** So much more than the mix a member may err and keep its prior weight. */
const TOLERANCE = 1.1;
/** Of what it errs beyond that. */
const POWER = 6;
/** In measurements: so many of a panel count as much as the belief that its members are alike. */
const PANEL_TRUST = 16;
/** The same for a series, which has a few that hang together. */
const SERIES_TRUST = 10;
/** Members below this share of a mix cost time and change nothing. */
export const LEAST_SHARE = 0.03;

/** @param prior [members] above 0 */
export function learnWeights(prior: readonly number[], measured: readonly Measured[]): Weights {
  const relative = relativeLosses(prior, measured);
  const shrunk = relative.map(({ ratio, count }) => (count === 0 ? 1 : (PANEL_TRUST + count * ratio) / (PANEL_TRUST + count)));
  const panel = shares(prior, shrunk);
  const bySeries = Map.groupBy(measured, ({ series }) => series);
  const own = new Map(
    [...bySeries].map(([series, rows]) => {
      const each = relativeLosses(prior, rows);
      const ratios = each.map(({ ratio, count }, m) =>
        count === 0 ? shrunk[m]! : (SERIES_TRUST * shrunk[m]! + count * ratio) / (SERIES_TRUST + count),
      );
      return [series, shares(prior, ratios)] as const;
    }),
  );
  return { relative: relative.map(({ ratio, count }) => (count === 0 ? Number.NaN : ratio)), panel, own };
}

/** Sums of a member's losses over those of the mean of all members that were measured in the same rows. */
function relativeLosses(prior: readonly number[], rows: readonly Measured[]): { ratio: number; count: number }[] {
  const [own, mix, counts] = [prior.map(() => 0), prior.map(() => 0), prior.map(() => 0)];
  for (const { losses } of rows) {
    let [sum, weight] = [0, 0];
    losses.forEach((loss, m) => {
      if (Number.isNaN(loss)) return;
      sum += prior[m]! * loss;
      weight += prior[m]!;
    });
    if (weight === 0) continue;
    losses.forEach((loss, m) => {
      if (Number.isNaN(loss)) return;
      own[m]! += loss;
      mix[m]! += sum / weight;
      counts[m]!++;
    });
  }
  return own.map((loss, m) => ({ ratio: mix[m]! > 0 ? loss / mix[m]! : 1, count: counts[m]! }));
}

/** Prior weights, less for who errs more than is tolerated; the best keeps its own. They add up to 1. */
function shares(prior: readonly number[], ratios: readonly number[]): number[] {
  const best = Math.min(...ratios);
  return normalised(prior.map((weight, m) => weight * Math.max(1, ratios[m]! / (TOLERANCE * best)) ** -POWER));
}

/** Of those that take part; the small ones are left out. All 0 where nobody takes part. */
export function normalised(weights: readonly number[], takesPart: (member: number) => boolean = () => true): number[] {
  const kept = weights.map((weight, m) => (takesPart(m) ? weight : 0));
  const total = kept.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return kept;
  const large = kept.map((weight) => (weight >= LEAST_SHARE * total ? weight : 0));
  const sum = large.reduce((all, weight) => all + weight, 0);
  return large.map((weight) => weight / sum);
}
