/** Which covariates a training did not use, and why. */
import type { CovariateReport } from '@almanac/contracts';
import { count } from '../../app/format';

/** The first of many. */
export const few = (examples: readonly string[], all: number): string => `${examples.join(', ')}${all > examples.length ? ', …' : ''}`;

export function Covariates({ report: { leftOut, masked } }: { report: CovariateReport }) {
  if (leftOut.length + masked.length === 0) return null;
  return (
    <div className="note warn">
      <strong>Not every covariate was used.</strong>
      <ul>
        {leftOut.map(({ name, kind, reason }) => (
          <li key={`${kind} ${name}`}>
            {name} was left out: {reason}.
          </li>
        ))}
        {masked.map(({ name, kind, series, examples }) => (
          <li key={`${kind} ${name}`}>
            {count(series)} series lack {name} ({few(examples, series)}) and were learned without it.
          </li>
        ))}
      </ul>
    </div>
  );
}
