/** The settings of the `linear` forecaster and the rule that derives them; loads no TensorFlow.js. */
import type { PanelFacts } from '../../facts.js';

export type LinearConfig = {
  horizon: number;
  contextLength: number;
  /** Steps at the end of each series that only choose the penalty and the widths. */
  validationTail: number;
};

const MOST_CONTEXT = 512;

/** Two of the longest season, where the series are long enough for it. */
export function defaultLinearConfig({
  horizon,
  seasonLengths,
  lengths,
}: Pick<PanelFacts, 'horizon' | 'seasonLengths' | 'lengths'>): LinearConfig {
  const typical = [...lengths].sort((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? horizon;
  const season = seasonLengths.at(-1) ?? 1;
  const wanted = Math.min(MOST_CONTEXT, Math.max(2 * season, 8));
  return {
    horizon,
    contextLength: Math.max(1, Math.min(wanted, Math.floor(typical / 3))),
    validationTail: Math.max(horizon, Math.round(typical / 10)),
  };
}
