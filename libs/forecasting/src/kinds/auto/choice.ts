/** What an `auto` model has chosen, in words: in total, by member and by series. */
import type { ModelChoice, SeriesData } from '../../forecaster.js';
import type { AutoConfig } from './config.js';
import { factsOf, percent, sayFacts, sayMix, type SeriesFacts } from './words.js';

export interface Chosen {
  config: AutoConfig;
  labels: readonly string[];
  /** [members] of a series of which nothing else is known. */
  shares: readonly number[];
  relative: readonly (number | null)[];
  rows: number;
  /** [members] steps that a series must have for them. */
  least: readonly number[];
  series: readonly { series: SeriesData; shares: readonly number[]; measured: boolean }[];
}

/** A share that moves less than this says nothing. */
const NOTICEABLE = 0.02;

export function choiceOf(chosen: Chosen): ModelChoice {
  const { config, labels, shares, relative, least, series } = chosen;
  const facts = series.map((one) => factsOf(lastOf(one.series, config.history), config.seasonLengths));
  return {
    summary: summaryOf(chosen, facts),
    members: labels.map((label, m) => ({
      label,
      kind: config.members[m]!.kind,
      share: shares[m]!,
      loss: relative[m] ?? null,
      why: whyMember(chosen, m),
    })),
    series: series.map((one, s) => {
      const { length } = one.series.values;
      const short = labels.filter((_, m) => shares[m]! > 0 && length < least[m]!);
      const moved = one.shares.some((share, m) => Math.abs(share - shares[m]!) > NOTICEABLE);
      const reason =
        short.length > 0
          ? `too short for ${short.join(' and ')}`
          : one.measured && moved
            ? 'moved by what was measured on it'
            : 'the mix of the panel';
      return { id: one.series.id, shares: [...one.shares], why: `${sayFacts(facts[s]!)}: ${sayMix(labels, one.shares)}; ${reason}.` };
    }),
  };
}

const lastOf = ({ values }: SeriesData, steps: number): Pick<SeriesData, 'values'> => ({
  values: values.subarray(Math.max(0, values.length - steps)),
});

function summaryOf({ config, labels, shares, rows, series }: Chosen, facts: readonly SeriesFacts[]): string {
  const count = (what: (one: SeriesFacts) => boolean): number => facts.filter(what).length;
  const seasons = config.seasonLengths.map(
    (length) => `a season of ${length} steps shows in ${count((one) => one.seasonLengths.includes(length))}`,
  );
  const said = [
    `${series.length} series`,
    ...seasons,
    `a trend in ${count(({ trend }) => trend !== 'none')}`,
    ...(count(({ intermittent }) => intermittent) > 0 ? [`${count(({ intermittent }) => intermittent)} are mostly 0`] : []),
  ];
  const by =
    rows > 0 ? `weighed by ${rows} forecasts of what was held back` : 'weighed as before anything is measured: the histories are too short';
  return `Budget ${config.budget}: ${sayMix(labels, shares)}, ${by}. Of ${said.join(', ')}.`;
}

function whyMember({ shares, relative, least, series }: Chosen, m: number): string {
  const loss = relative[m];
  const able = series.filter((one) => one.series.values.length >= least[m]!).length;
  const measured = loss === null || loss === undefined ? 'could not be measured fairly' : `errs ${percent(loss)} of what all together do`;
  const part = able < series.length ? `; ${able} of ${series.length} series are long enough for it (${least[m]} steps)` : '';
  return `${shares[m]! > 0 ? '' : 'Left out: '}${measured}${part}.`.replace(/^./, (letter) => letter.toUpperCase());
}
