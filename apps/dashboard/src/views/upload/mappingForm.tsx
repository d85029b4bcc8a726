/** How to read the file: the columns first, what is rarely needed behind a fold. */
import { aggregation, type IngestOptionsInput } from '@almanac/contracts';
import type { ReactNode } from 'react';
import { Field } from '../../ui/parts';

interface Props {
  options: IngestOptionsInput;
  onChange: (change: (before: IngestOptionsInput) => IngestOptionsInput) => void;
  columns: string[] | undefined;
  wrong: Record<string, string>;
}

const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];

export function MappingForm({ options, onChange, columns, wrong }: Props) {
  const set = (key: keyof IngestOptionsInput, value: unknown): void =>
    onChange((before) => ({ ...before, [key]: value === '' ? undefined : value }));
  const text = (
    key: 'dataset' | 'idColumn' | 'timeColumn' | 'valueColumn' | 'frequency' | 'timeZone' | 'timeFormat',
    label: string,
    help: string,
    placeholder: string,
    list?: string,
  ): ReactNode => (
    <Field id={key} label={label} help={help} {...(wrong[key] ? { wrong: wrong[key] } : {})}>
      <input
        id={key}
        value={options[key] ?? ''}
        placeholder={placeholder}
        autoComplete="off"
        {...(list ? { list } : {})}
        onChange={(event) =>
          key === 'dataset' ? onChange((before) => ({ ...before, dataset: event.target.value })) : set(key, event.target.value)
        }
      />
    </Field>
  );
  const names = (key: 'pastCovariates' | 'futureCovariates' | 'staticCovariates', label: string, help: string): ReactNode => (
    <Field id={key} label={label} help={help}>
      <input
        id={key}
        defaultValue={options[key]?.join(', ') ?? ''}
        autoComplete="off"
        onBlur={(event) =>
          set(
            key,
            event.target.value
              .split(',')
              .map((name) => name.trim())
              .filter(Boolean),
          )
        }
      />
    </Field>
  );
  return (
    <>
      <datalist id="columns">
        {columns?.map((column) => (
          <option key={column} value={column} />
        ))}
      </datalist>
      <datalist id="zones">
        {zones.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <div className="fields">
        {text('dataset', 'Dataset', 'A new name makes a dataset, a known one adds to it.', 'flights')}
        {text('idColumn', 'Series', 'Column that names the series.', 'unique_id', 'columns')}
        {text('timeColumn', 'Time', 'Column with the time.', 'ds', 'columns')}
        {text('valueColumn', 'Target', 'Column with the value to forecast.', 'y', 'columns')}
        {text(
          'frequency',
          'Frequency',
          '15min, h, D, W-MON, MS, QS, YS, ME, QE, YE (by the last day), or 1 for plain integers.',
          'found from the data',
        )}
        {text('timeZone', 'Time zone', 'Of the calendar and of local times.', 'UTC', 'zones')}
        <Field id="aggregation" label="Several rows on one step" help="How events become one value.">
          <select id="aggregation" value={options.aggregation ?? ''} onChange={(event) => set('aggregation', event.target.value)}>
            <option value="">refuse them</option>
            {aggregation.options.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        </Field>
        <Field id="fillPolicy" label="A missing step means" help="Declared by you, never guessed.">
          <select id="fillPolicy" value={options.fillPolicy ?? 'none'} onChange={(event) => set('fillPolicy', event.target.value)}>
            <option value="none">not known: a gap</option>
            <option value="zero">nothing happened: zero</option>
          </select>
        </Field>
      </div>
      <details>
        <summary>More options</summary>
        <div className="fields" style={{ marginTop: 14 }}>
          <Field id="mode" label="When the dataset exists">
            <select id="mode" value={options.mode ?? 'append'} onChange={(event) => set('mode', event.target.value)}>
              <option value="append">add and correct steps</option>
              <option value="replace">replace everything</option>
            </select>
          </Field>
          <Field id="layout" label="Layout">
            <select id="layout" value={options.layout ?? 'auto'} onChange={(event) => set('layout', event.target.value)}>
              <option value="auto">found from the columns</option>
              <option value="long">long: one row per observation</option>
              <option value="wide">wide: one column per series</option>
            </select>
          </Field>
          <Field id="decimalSeparator" label="Decimal separator">
            <select
              id="decimalSeparator"
              value={options.decimalSeparator ?? '.'}
              onChange={(event) => set('decimalSeparator', event.target.value)}
            >
              <option value=".">point</option>
              <option value=",">comma</option>
            </select>
          </Field>
          <Field id="thousandsSeparator" label="Thousands separator" help="Spaces and apostrophes are understood anyway.">
            <select
              id="thousandsSeparator"
              value={options.thousandsSeparator ?? ''}
              onChange={(event) => set('thousandsSeparator', event.target.value)}
            >
              <option value="">none</option>
              <option value=",">comma</option>
              <option value=".">point</option>
            </select>
          </Field>
          {text('timeFormat', 'Time format', 'In the letters of strptime, where day and month could be swapped.', '%d/%m/%Y %H:%M')}
          <Field id="maxRejectedShare" label="Rejected rows allowed, %" help="0: any rejected row refuses the upload.">
            <input
              id="maxRejectedShare"
              type="number"
              min={0}
              max={100}
              step="any"
              value={(options.maxRejectedShare ?? 0) * 100}
              onChange={(event) => set('maxRejectedShare', Number(event.target.value) / 100)}
            />
          </Field>
          {names('staticCovariates', 'Static covariates', 'One value per series; names with commas between.')}
          {names('pastCovariates', 'Past covariates', 'Known up to the cutoff.')}
          {names('futureCovariates', 'Future covariates', 'Known through the horizon.')}
          <label className="check">
            <input
              type="checkbox"
              checked={options.dropLastStep ?? false}
              onChange={(event) => set('dropLastStep', event.target.checked)}
            />
            The last step is incomplete: leave it out
          </label>
        </div>
      </details>
    </>
  );
}
