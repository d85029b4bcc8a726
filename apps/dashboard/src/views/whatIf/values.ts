/** Values of a covariate that are moved by hand. */

/** What the scale spans: every value with room to move; around a constant as much as it is. */
export function domainOf(...lists: readonly (readonly number[])[]): { low: number; high: number } {
  const all = lists.flat();
  const low = Math.min(...all);
  const high = Math.max(...all);
  const room = (high - low) * 0.3 || Math.abs(high) || 1;
  return { low: low - room, high: high + room };
}

export const clampStep = (step: number, count: number): number => Math.max(0, Math.min(count - 1, step));

/** To a tidy number: one, two or five times a power of ten that is no coarser than half of `nudge`. */
export function rounded(number: number, nudge: number): number {
  const power = 10 ** Math.floor(Math.log10(nudge / 2));
  const grain = [5, 2, 1].map((times) => times * power).find((one) => one <= nudge / 2) ?? power;
  return Number((Math.round(number / grain) * grain).toPrecision(12));
}

export interface Grip {
  step: number;
  value: number;
}

/** The values once a hand went from one place to another: steps in between lie on the line between the two. */
export function moved(values: readonly number[], from: Grip | undefined, to: Grip): number[] {
  const start = from ?? to;
  const span = to.step - start.step;
  return values.map((one, index) => {
    if (index < Math.min(start.step, to.step) || index > Math.max(start.step, to.step)) return one;
    return span === 0 || index === to.step ? to.value : start.value + ((to.value - start.value) * (index - start.step)) / span;
  });
}
