/** How to read the file: the columns first, what is rarely needed behind a fold. */
import { aggregation, type IngestOptionsInput } from '@almanac/contracts';
import type { ReactNode } from 'react';
import { type UseFormReturn, useWatch } from 'react-hook-form';
import { useAll } from '../../app/queries';
import { Field } from '../../ui/parts';
import { needsNoId } from './roles';

interface Props {
  form: UseFormReturn<IngestOptionsInput>;
  columns: string[] | undefined;
  wrong: Record<string, string>;
}

type TextKey = 'dataset' | 'idColumn' | 'timeColumn' | 'valueColumn' | 'frequency' | 'timeZone' | 'timeFormat' | 'sheet' | 'from' | 'to';

const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];
const listOrNothing = (value: unknown): string[] | undefined => {
  const items = String(value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
  return items.length === 0 ? undefined : items;
};
const numbersOrNothing = (value: unknown): number[] | undefined => listOrNothing(value)?.map(Number);
/** An empty field is one that was not filled in. */
const orNothing = { setValueAs: (value: unknown) => (value === '' ? undefined : value) };

export function MappingForm({ form, columns, wrong }: Props) {
  const datasets = useAll('listDatasets', {}).data?.items ?? [];
  const allowed = useWatch({ control: form.control, name: 'maxRejectedShare' });
  const { register } = form;
  const wrongOf = (key: string): { wrong?: string } => (wrong[key] ? { wrong: wrong[key] } : {});
  const text = (key: TextKey, label: string, help: string, placeholder: string, list?: string): ReactNode => (
    <Field id={key} label={label} help={help} {...(wrong[key] ? { wrong: wrong[key] } : {})}>
      <input
        id={key}
        placeholder={placeholder}
        autoComplete="off"
        {...(list ? { list } : {})}
        {...register(key, key === 'dataset' ? {} : orNothing)}
      />
    </Field>
  );
  return (
    <>
      <Choices id="columns" values={columns ?? []} />
      <Choices id="zones" values={zones} />
      <Choices id="datasets" values={datasets.map(({ name }) => name)} />
      <div className="fields">
        {text('dataset', 'Dataset', 'A new name makes a dataset, a known one adds to it.', 'flights', 'datasets')}
        {text(
          'idColumn',
          'Series',
          'Column that names the series.',
          needsNoId(columns) ? 'none: it is one series' : 'unique_id',
          'columns',
        )}
        {text('timeColumn', 'Time', 'Column with the time, or several that make it: Date + Time, year + month.', 'ds', 'columns')}
        {text('valueColumn', 'Target', 'Column with the value to forecast.', 'y', 'columns')}
        {text(
          'frequency',
          'Frequency',
          '15min, h, D, B (Monday to Friday), D-MON-SAT, W-MON, 4W-MON, MS, QS-MAR, YE-JUN, … or 1 for plain integers.',
          'found from the data',
        )}
        {text('timeZone', 'Time zone', 'Of the calendar and of local times.', 'UTC', 'zones')}
        <Field id="aggregation" label="Several rows on one step" help="How events become one value.">
          <select id="aggregation" {...register('aggregation', orNothing)}>
            <option value="">refuse them</option>
            {aggregation.options.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        </Field>
        <Field id="fillPolicy" label="A missing step means" help="Declared by you, never guessed.">
          <select id="fillPolicy" {...register('fillPolicy')}>
            <option value="none">not known: a gap</option>
            <option value="zero">nothing happened: zero</option>
          </select>
        </Field>
      </div>
      <details>
        <summary>More options</summary>
        <div className="fields" style={{ marginTop: 14 }}>
          <Field id="mode" label="When the dataset exists">
            <select id="mode" {...register('mode')}>
              <option value="append">add and correct steps</option>
              <option value="replace">replace everything</option>
            </select>
          </Field>
          <Field id="layout" label="Layout">
            <select id="layout" {...register('layout')}>
              <option value="auto">found from the columns</option>
              <option value="long">long: one row per observation</option>
              <option value="wide">wide: one column per series</option>
            </select>
          </Field>
          {text('sheet', 'Sheet', 'Of an Excel workbook.', 'the first')}
          <Field id="decimalSeparator" label="Decimal separator">
            <select id="decimalSeparator" {...register('decimalSeparator')}>
              <option value=".">point</option>
              <option value=",">comma</option>
            </select>
          </Field>
          <Field id="thousandsSeparator" label="Thousands separator" help="Spaces and apostrophes are understood anyway.">
            <select id="thousandsSeparator" {...register('thousandsSeparator', orNothing)}>
              <option value="">none</option>
              <option value=",">comma</option>
              <option value=".">point</option>
            </select>
          </Field>
          <Field
            id="seasonLength"
            label="Season, in steps"
            help="After how many steps a pattern comes again: 12, or 24, 168."
            {...wrongOf('seasonLength')}
          >
            <input
              id="seasonLength"
              placeholder="that of the frequency"
              autoComplete="off"
              {...register('seasonLength', { setValueAs: numbersOrNothing })}
            />
          </Field>
          <Field id="closedWeekdays" label="Closed on" help="Weekdays that are no steps: SUN, or SAT, SUN." {...wrongOf('closedWeekdays')}>
            <input
              id="closedWeekdays"
              placeholder="none"
              autoComplete="off"
              {...register('closedWeekdays', { setValueAs: listOrNothing })}
            />
          </Field>
          <Field id="closedHolidays" label="Closed on holidays of" help="A country or region: DE, or DE-BY." {...wrongOf('closedHolidays')}>
            <input id="closedHolidays" placeholder="none" autoComplete="off" {...register('closedHolidays', orNothing)} />
          </Field>
          <Field id="closedDates" label="Closed on single days" help="2024-12-24, 2024-12-31" {...wrongOf('closedDates')}>
            <input id="closedDates" placeholder="none" autoComplete="off" {...register('closedDates', { setValueAs: listOrNothing })} />
          </Field>
          {text('timeFormat', 'Time format', 'In the letters of strptime, where day and month could be swapped.', '%d/%m/%Y %H:%M')}
          {text('from', 'From', 'Rows before it are left out.', 'the first row')}
          {text('to', 'To', 'Rows after it are left out; a date means its whole day.', 'the last row')}
          <Field
            id="maxRejectedShare"
            label="Rejected rows allowed, %"
            help="0: any rejected row refuses the upload."
            {...(wrong['maxRejectedShare'] ? { wrong: wrong['maxRejectedShare'] } : {})}
          >
            <input
              id="maxRejectedShare"
              type="number"
              min={0}
              max={100}
              step="any"
              placeholder="0"
              // Shown in per cent, kept as a share.
              value={allowed === undefined ? '' : Number((100 * allowed).toPrecision(10))}
              onChange={({ target }) => form.setValue('maxRejectedShare', target.value === '' ? undefined : target.valueAsNumber / 100)}
            />
          </Field>
          <label className="check">
            <input type="checkbox" {...register('dropLastStep')} />
            The last step is incomplete: leave it out
          </label>
          <label className="check">
            <input type="checkbox" {...register('dropPartialSteps')} />
            Leave out first and last steps that events cover in part
          </label>
        </div>
      </details>
    </>
  );
}

function Choices({ id, values }: { id: string; values: readonly string[] }) {
  return (
    <datalist id={id}>
      {values.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}
