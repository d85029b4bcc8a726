/** The quantile levels that every forecast carries unless asked otherwise: 50, 80, 90 and 95 % bands and the nine deciles. */
export const DEFAULT_QUANTILES: readonly number[] = [0.025, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.975];

/** The levels WQL is averaged over (GIFT-Eval, M5): the nine deciles. */
export const DECILES: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
