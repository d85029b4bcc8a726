/**
 * What was understood of a file in words, the questions whose answers change the forecast, and the button that makes one. An answer is an
 * option of the upload like any other: the file is read anew with it.
 */
import { aggregation, type IngestOptionsInput, type IngestResult } from '@almanac/contracts';
import type { UseFormReturn } from 'react-hook-form';
import { count } from '../../app/format';
import { Options } from '../../ui/parts';
import type { Budget } from '../answer/check';
import { type Fill, FurtherColumns } from './furtherColumns';
import { Choose, Question } from './question';
import { civilDay, countryName, stepWord, understood } from './words';

interface Props {
  result: IngestResult;
  options: IngestOptionsInput;
  form: UseFormReturn<IngestOptionsInput>;
  /** Steps ahead; undefined: two seasons. */
  horizon: number | undefined;
  onHorizon: (horizon: number | undefined) => void;
  budget: Budget;
  onBudget: (budget: Budget) => void;
  fill: Fill;
  onFill: (fill: Fill) => void;
  busy: boolean;
  onForecast: () => void;
}

export function Questions({ result, options, form, horizon, onHorizon, budget, onBudget, fill, onFill, busy, onForecast }: Props) {
  const { findings: f, refusal } = result;
  const set = (change: Partial<IngestOptionsInput>): void => form.reset({ ...form.getValues(), ...change });
  const usual = horizonOf(f.seasonLengths);
  const covariates = [...(options.futureCovariates ?? []), ...(options.pastCovariates ?? []), ...(options.staticCovariates ?? [])];
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <section className="card stack" aria-label="What was understood" aria-live="polite">
      <h2>What was understood</h2>
      <p>{understood(f, options.aggregation === 'count' ? undefined : options.valueColumn || 'y').join(' ')}</p>
      <div className="stack" style={{ gap: 14 }}>
        <ClosedDays found={f.closedDays} options={options} set={set} />
        {(f.gaps > 0 || options.fillPolicy === 'zero') && (
          <Question
            title={`${count(f.gaps)} ${f.gaps === 1 ? 'step is' : 'steps are'} missing. What does that mean?`}
            help="Sales that were not recorded because nothing was sold are zeros; a sensor that was off is not known."
          >
            <Choose
              label="A missing step means"
              value={options.fillPolicy ?? 'none'}
              of={{ none: 'Not known', zero: 'Nothing happened: zero' }}
              onChange={(fillPolicy) => set({ fillPolicy })}
            />
          </Question>
        )}
        {(refusal?.code === 'DUPLICATE_TIMESTAMP' || f.duplicates > 0 || options.aggregation) && (
          <Question
            title="Several rows fall on one step. How do they become one value?"
            help="Sales are added up; temperatures are averaged."
          >
            <select
              aria-label="Rows on one step"
              style={{ width: 'auto' }}
              value={options.aggregation ?? ''}
              onChange={({ target }) => set({ aggregation: target.value === '' ? undefined : aggregation.parse(target.value) })}
            >
              <option value="">not at all: refuse them</option>
              <Options of={Object.fromEntries(aggregation.options.map((one) => [one, AGGREGATIONS[one]]))} />
            </select>
          </Question>
        )}
        {(f.rowsRejected > 0 || options.maxRejectedShare) && (
          <Question
            title={f.rowsRejected === 1 ? 'One row cannot be read.' : `${count(f.rowsRejected)} rows cannot be read.`}
            help="They are listed below with line and reason, and stay downloadable."
          >
            <Choose
              label="Rows that cannot be read"
              value={options.maxRejectedShare ? 'leave' : 'refuse'}
              of={{ refuse: 'Refuse the file', leave: 'Leave them out' }}
              onChange={(to) => set({ maxRejectedShare: to === 'leave' ? shareOf(f.rowsRejected, f.rowsRead) : undefined })}
            />
          </Question>
        )}
        {typeof f.start === 'string' && own !== 'UTC' && (options.timeZone ?? 'UTC') === 'UTC' && (
          <Question title="Whose clock do the times show?" help="Days begin and end by it. Other zones are under “Time zone” below.">
            <Choose<string>
              label="Time zone of the file"
              value="UTC"
              of={{ UTC: 'UTC', own }}
              onChange={(to) => to === 'own' && set({ timeZone: own })}
            />
          </Question>
        )}
        <FurtherColumns found={f} options={options} set={set} fill={fill} onFill={onFill} />
        <Question title="How far ahead?" help={`Each forecast reaches so many ${stepWord(f.frequency)} beyond the last value.`}>
          <div className="row" style={{ gap: 8 }}>
            <input
              aria-label="How far ahead"
              type="number"
              min={1}
              max={10_000}
              step={1}
              style={{ width: 96 }}
              placeholder={String(usual)}
              value={horizon ?? ''}
              onChange={({ target }) => onHorizon(target.value === '' ? undefined : Math.max(1, Math.round(target.valueAsNumber)))}
            />
            {stepWord(f.frequency)}
          </div>
        </Question>
        <Question
          title="How thorough?"
          help={
            budget === 'quick' && covariates.length > 0
              ? `${BUDGET_HELP.quick} They read no other columns: ${covariates.join(', ')} would not be used.`
              : BUDGET_HELP[budget]
          }
        >
          <Choose label="How thorough" value={budget} of={{ quick: 'Quick', standard: 'Standard', best: 'Best' }} onChange={onBudget} />
        </Question>
      </div>
      <div className="row">
        <button type="button" className="primary" disabled={busy || refusal !== null} onClick={onForecast}>
          Forecast
        </button>
        <span className="small muted">
          {refusal
            ? 'First answer what stands in the way.'
            : 'Stores the file, trains the automatic model, forecasts, and checks it against three times in the past.'}
        </span>
      </div>
    </section>
  );
}

/** What a training takes where nothing is said. */
export const horizonOf = (seasonLengths: readonly number[]): number => (seasonLengths[0] === undefined ? 12 : 2 * seasonLengths[0]);

/** Allows what was found, and no more than a hair beside it. */
const shareOf = (rejected: number, read: number): number => Math.min(1, Math.ceil((1e6 * rejected) / Math.max(1, read)) / 1e6);

const BUDGET_HELP: Record<Budget, string> = {
  quick: 'Seconds: statistical models and a pretrained one; nothing is trained for long.',
  standard: 'Minutes: trains one network as well, and mixes it with the quick models by what each was worth.',
  best: 'Up to ten times as long: trains several networks.',
};

const AGGREGATIONS: Record<(typeof aggregation.options)[number], string> = {
  sum: 'add them up',
  mean: 'their mean',
  min: 'the smallest',
  max: 'the largest',
  first: 'the first',
  last: 'the last',
  count: 'count them',
  median: 'their median',
};

interface Setting {
  options: IngestOptionsInput;
  set: (change: Partial<IngestOptionsInput>) => void;
}

function ClosedDays({ found, options, set }: Setting & { found: IngestResult['findings']['closedDays'] }) {
  const { closedHolidays, closedDates = [] } = options;
  const declared = Boolean(closedHolidays) || closedDates.length > 0;
  if (!found && !declared) return null;
  if (!found)
    return (
      <Question
        title={[
          ...(closedHolidays ? [`Closed on public holidays of ${countryName(closedHolidays)}`] : []),
          ...(closedDates.length > 0 ? [`Closed on ${count(closedDates.length)} single ${closedDates.length === 1 ? 'day' : 'days'}`] : []),
        ].join('. ')}
        help="They are no steps: neither missing nor forecast."
      >
        <button type="button" onClick={() => set({ closedHolidays: undefined, closedDates: undefined })}>
          Open after all
        </button>
      </Question>
    );
  const { holidays, days } = found;
  const examples = days.slice(-3).map(civilDay).join(', ');
  return (
    <Question
      title={`On ${count(found.count)} days hardly any series has a value, such as ${examples}. Closed?`}
      help={
        holidays
          ? `${found.onHolidays === found.count ? 'All' : count(found.onHolidays)} of them are public holidays of ${countryName(holidays)}. Closed days are not forecast, also in the years to come.`
          : 'Left as they are, days like them are forecast. Only these very days are closed: declare public holidays below for those to come.'
      }
    >
      {holidays ? (
        <button type="button" onClick={() => set({ closedHolidays: holidays })}>
          Closed on public holidays of {countryName(holidays)}
        </button>
      ) : (
        <button type="button" onClick={() => set({ closedDates: [...closedDates, ...days] })}>
          Closed on these days
        </button>
      )}
    </Question>
  );
}
