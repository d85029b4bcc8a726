/** What an online model learns with: a state, its weights, and what carries their derivatives forward. */

export interface OnlineCore {
  readonly hidden: number;
  readonly weights: Float64Array;
  /** The first `hidden` numbers are what is read of it. */
  readonly state: Float64Array;
  /** All that derivatives need to go on, as one array; empty beside a core that does not learn. */
  readonly traces: Float64Array;
  /** Reads one step, x [inputs]. @param trace keeps the derivatives up to date; a model that only forecasts needs none */
  step(x: ArrayLike<number>, trace?: boolean): void;
  /** Adds ∂ℓ/∂weights, given δ [hidden] = ∂ℓ/∂h of the step just read. */
  addGradient(delta: ArrayLike<number>, gradient: Float64Array): void;
  /** Derivatives start anew, as at a state that owes nothing to the weights. */
  forget(): void;
}
