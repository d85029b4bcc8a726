/** What the leakage certificates of a backtest looked at, and covariates that give the answer away. */
import type { BacktestResult } from '@almanac/contracts';
import { share } from '../../app/format';

type Certificate = BacktestResult['models'][number]['certificate'];

export function Certified({ certificate: { sample, suspects } }: { certificate: Certificate }) {
  return (
    <>
      {sample && (
        <p className="small muted">
          Looked for leaks in {sample.series} of {sample.of} series
          {sample.finds > 0 && `, which find a leak that shows in ${share(sample.finds)} of them with 95 % chance`}, at {sample.cutoffs} of{' '}
          {sample.ofCutoffs} cutoffs, with the stored values after them altered.
        </p>
      )}
      {suspects.map(({ name, kind, shift, series, of }) => (
        <div key={`${kind} ${name} ${shift}`} className="note warn" role="alert">
          <strong>
            The {kind} covariate {name} is {inWords(shift)}
          </strong>
          <span>
            In {series} of {of} series. These backtests flatter: when it is forecast, the covariate will not be known. Upload the data
            without it, or with the values known at the time.
          </span>
        </div>
      ))}
    </>
  );
}

function inWords(shift: number): string {
  if (shift === 0) return 'the target itself';
  const steps = Math.abs(shift) === 1 ? 'one step' : `${Math.abs(shift)} steps`;
  return `the target ${steps} ${shift > 0 ? 'later' : 'earlier'}`;
}
