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
/** In measurements: so many of a panel count as much as the belief that its members are alike, as good as the best. */
const PANEL_TRUST = 16;
/** The same for a series, which has a few that hang together. */
const SERIES_TRUST = 10;
/** A member that errs less than this, relative to the mix, is taken to err so much: nothing can be compared with 0. */
const PERFECT = 0.02;
/** Members below this share of a mix cost time and change nothing. */
export const LEAST_SHARE = 0.03;

/** @param prior [members] above 0 */
export function learnWeights(prior: readonly number[], measured: readonly Measured[]): Weights {
  const { relative, hardness } = relativeLosses(prior, measured);
  const counts = prior.map((_, m) => measured.filter(({ losses }) => !Number.isNaN(losses[m]!)).length);
  const best = Math.min(...relative.filter((_, m) => counts[m]! > 0), Infinity);
  // As good as the best until it is shown otherwise.
  const shrunk = relative.map((ratio, m) =>
    counts[m] === 0 ? best : (PANEL_TRUST * best + counts[m]! * ratio) / (PANEL_TRUST + counts[m]!),
  );
  const numbered = measured.map((row, r) => ({ ...row, hardness: hardness[r]! }));
  const own = new Map(
    [...Map.groupBy(numbered, ({ series }) => series)].map(([series, rows]) => {
      const ratios = shrunk.map((of, m) => {
        const known = rows.filter(({ losses }) => !Number.isNaN(losses[m]!));
        const expected = known.reduce((sum, row) => sum + row.hardness, 0);
        if (!(expected > 0)) return of;
        const ratio = known.reduce((sum, { losses }) => sum + losses[m]!, 0) / expected;
        return (SERIES_TRUST * of + known.length * ratio) / (SERIES_TRUST + known.length);
      });
      return [series, shares(prior, ratios)] as const;
    }),
  );
  return {
    relative: relative.map((ratio, m) => (counts[m] === 0 ? Number.NaN : ratio)),
    panel: measured.length === 0 ? normalised(prior) : shares(prior, shrunk),
    own,
  };
}

const ROUNDS = 30;

/**
 * How much members err relative to their mix, and how hard each row is for that mix, where not every member was measured in every row: a
 * loss is taken to be the product of the two. Members that were measured on easy rows only gain nothing by that.
 */
function relativeLosses(prior: readonly number[], rows: readonly Measured[]): { relative: number[]; hardness: number[] } {
  let relative = prior.map(() => 1);
  let hardness = rows.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    hardness = rows.map(({ losses }) => {
      let [sum, weight] = [0, 0];
      losses.forEach((loss, m) => {
        if (Number.isNaN(loss)) return;
        sum += prior[m]! * loss;
        weight += prior[m]! * relative[m]!;
      });
      return weight > 0 ? sum / weight : 0;
    });
    const found = prior.map((_, m) => {
      let [sum, expected] = [0, 0];
      rows.forEach(({ losses }, r) => {
        if (Number.isNaN(losses[m]!)) return;
        sum += losses[m]!;
        expected += hardness[r]!;
      });
      return expected > 0 ? sum / expected : Number.NaN;
    });
    let [mean, weight] = [0, 0];
    found.forEach((ratio, m) => {
      if (Number.isNaN(ratio)) return;
      mean += prior[m]! * ratio;
      weight += prior[m]!;
    });
    const scale = mean > 0 ? weight / mean : 1;
    relative = found.map((ratio) => (Number.isNaN(ratio) ? 1 : ratio * scale));
    hardness = hardness.map((one) => one / scale);
  }
  return { relative, hardness };
}

/** Prior weights, less for who errs more than is tolerated; the best keeps its own. They add up to 1. */
function shares(prior: readonly number[], ratios: readonly number[]): number[] {
  const best = Math.max(PERFECT, Math.min(...ratios));
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
