/** The settings of the `linear` forecaster and the rule that derives them; loads no TensorFlow.js. */
import { AlmanacError } from '@almanac/series';
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

/** Windows overlap, but the noise in what is left out counts: with a sixth of the windows ETTh1 has half a percent more error. */
export const MOST_WINDOWS = 65_536;

/** Windows that the regression learns from, at most. */
export function linearWindows(count: number, observations: number): number {
  return count === 0 ? 0 : Math.min(MOST_WINDOWS, observations);
}

/** Last steps of a history that a forecast may depend on; a series that the regression was not fitted on is scaled by so much of it. */
export function lookBack({ contextLength }: Pick<LinearConfig, 'contextLength'>): number {
  return 2 * contextLength;
}

/** Throws `INVALID_CONFIG` naming the first setting that cannot work. */
export function checkLinearConfig(config: LinearConfig): void {
  for (const name of ['horizon', 'contextLength', 'validationTail'] as const) {
    if (Number.isInteger(config[name]) && config[name] >= (name === 'validationTail' ? 0 : 1)) continue;
    throw new AlmanacError('INVALID_CONFIG', `The setting ${name} of the linear forecaster cannot be ${JSON.stringify(config[name])}.`, {
      hint: 'Give a whole number of steps.',
      subject: { setting: name },
    });
  }
}
