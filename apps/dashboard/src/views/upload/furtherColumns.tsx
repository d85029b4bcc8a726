/**
 * Columns of a file beside series, time and target: what they are, in plain words, and what a column that is known ahead holds beyond the
 * last value. One that is left out changes nothing about the forecast, so that each is asked about.
 */
import type { Findings, IngestOptionsInput } from '@almanac/contracts';
import { Options } from '../../ui/parts';
import { Choose, Question } from './question';
import { type Role, roleOf, withRole } from './roles';

/** What a covariate that is known ahead holds where the file does not say. */
export const FILLS = ['none', 'zero', 'last'] as const;
export type Fill = (typeof FILLS)[number];

/** More of them are set above the first rows of the file. */
const MOST = 8;

const MEANINGS: Partial<Record<Role, string>> = {
  ignored: 'left out',
  futureCovariate: 'known ahead (promotion, price, plan)',
  pastCovariate: 'known afterwards (weather, visitors)',
  staticCovariate: 'the same for all of a series (city, size)',
};

const FILL_HELP: Record<Fill, string> = {
  none: 'The file must hold them: rows of later times whose target is empty. Else the forecast is refused, and says what is missing.',
  zero: 'Where the file holds no later rows, there is none: no promotion is planned.',
  last: 'Where the file holds no later rows, the last value goes on: a price stays as it is.',
};

interface Props {
  found: Findings;
  options: IngestOptionsInput;
  set: (change: Partial<IngestOptionsInput>) => void;
  fill: Fill;
  onFill: (fill: Fill) => void;
}

export function FurtherColumns({ found, options, set, fill, onFill }: Props) {
  if (found.layout === 'wide') return null;
  const further = found.columns.map(({ name }) => name).filter((name) => !(roleOf(options, name) in { id: 1, time: 1, target: 1 }));
  if (further.length === 0) return null;
  const ahead = options.futureCovariates ?? [];
  return (
    <>
      <Question
        title={further.length === 1 ? `What is ${further[0]}?` : 'What are the other columns?'}
        help="A column that is left out is not used. What is known ahead moves the forecast; what is only known afterwards helps to learn."
      >
        <div className="stack" style={{ gap: 8 }}>
          {further.slice(0, MOST).map((name) => (
            <label key={name} className="row spread" style={{ gap: 8 }}>
              <span>{name}</span>
              <select
                aria-label={`${name} is`}
                style={{ width: 'auto' }}
                value={roleOf(options, name)}
                onChange={({ target }) => set(withRole(options, name, target.value as Role))}
              >
                <Options of={MEANINGS as Record<string, string>} />
              </select>
            </label>
          ))}
          {further.length > MOST && (
            <span className="small muted">The other {further.length - MOST} have their roles above the first rows of the file.</span>
          )}
        </div>
      </Question>
      {ahead.length > 0 && (
        <Question title={`Beyond the last value, what does ${ahead.join(', ')} hold?`} help={FILL_HELP[fill]}>
          <Choose
            label="Beyond the last value"
            value={fill}
            of={{ none: 'As in the file', zero: 'Zero', last: 'The last value' }}
            onChange={onFill}
          />
        </Question>
      )}
    </>
  );
}
