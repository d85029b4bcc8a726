/**
 * Exponential smoothing in state space form, ETS(error, trend, season): the filter and its one-step errors.
 *
 * Source: Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing (2008), chapter 2.
 * Invariant: a missing value moves the state forward as forecast and adds no error.
 */
export interface EtsForm {
  error: 'A' | 'M';
  trend: 'N' | 'A' | 'Ad';
  season: 'N' | 'A' | 'M';
}

export interface EtsParameters {
  alpha: number;
  beta: number;
  gamma: number;
  /** 1 unless the trend is damped. */
  phi: number;
}

export interface EtsState {
  level: number;
  trend: number;
  /** [seasonLength]; the phase of the next step is at `phase`. */
  season: Float64Array;
  phase: number;
}

export interface EtsFit {
  form: EtsForm;
  parameters: EtsParameters;
  /** After the last value. */
  state: EtsState;
  /** Variance of the one-step errors; relative errors where the error is multiplicative. */
  variance: number;
  /** n log Σe² (+ 2 Σ log|ŷ| with multiplicative errors): −2 log likelihood up to a constant. */
  deviance: number;
  aicc: number;
}

/** One step ahead: what the state expects, before the observation. */
export function expectation(form: EtsForm, parameters: EtsParameters, state: EtsState): number {
  const base = form.trend === 'N' ? state.level : state.level + parameters.phi * state.trend;
  if (form.season === 'N') return base;
  return form.season === 'A' ? base + state.season[state.phase]! : base * state.season[state.phase]!;
}

/** Moves the state over one step; `value` NaN moves it as forecast. */
export function advance(form: EtsForm, parameters: EtsParameters, state: EtsState, value: number): void {
  const { alpha, beta, gamma, phi } = parameters;
  const slope = form.trend === 'N' ? 0 : phi * state.trend;
  const base = state.level + slope;
  const phase = state.phase;
  if (state.season.length > 0) state.phase = (phase + 1) % state.season.length;
  if (Number.isNaN(value)) {
    state.level = base;
    state.trend = slope;
    return;
  }
  const seasonal = form.season === 'N' ? 0 : state.season[phase]!;
  const adjusted = form.season === 'N' ? value : form.season === 'A' ? value - seasonal : value / seasonal;
  const level = base + alpha * (adjusted - base);
  if (form.trend !== 'N') state.trend = slope + (beta / alpha) * (level - state.level - slope);
  state.level = level;
  if (form.season === 'A') state.season[phase] = seasonal + gamma * (value - base - seasonal);
  if (form.season === 'M') state.season[phase] = seasonal + gamma * (value / base - seasonal);
}

/** Runs the filter over the history and changes `state` to the last one. */
export function filter(
  form: EtsForm,
  parameters: EtsParameters,
  state: EtsState,
  values: Float64Array,
): { squares: number; logs: number; count: number } {
  let squares = 0;
  let logs = 0;
  let count = 0;
  for (const value of values) {
    if (!Number.isNaN(value)) {
      const expected = expectation(form, parameters, state);
      const error = form.error === 'A' ? value - expected : (value - expected) / expected;
      squares += error * error;
      if (form.error === 'M') logs += Math.log(Math.abs(expected));
      count++;
    }
    advance(form, parameters, state, value);
  }
  return { squares, logs, count };
}
