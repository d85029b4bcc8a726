/** Labels of a time axis in the zone of the dataset: the clock, and below it the date where it changes. */
import type uPlot from 'uplot';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options });
    formats.set(key, made);
  }
  return made;
}

const DAY = 86_400;

/** The bottom axis of a chart: instants in the zone, or plain integers. */
export function timeAxis(zone: string, plain: boolean): Pick<uPlot.Axis, 'space' | 'values' | 'incrs'> {
  if (plain) return { space: 70, incrs: WHOLE, values: (_, splits) => splits.map(String) };
  return { space: 70, values: (_, splits, __, ___, step) => timeLabels(splits, step, zone) };
}

/** Between two steps of plain integers there is none. */
const WHOLE = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/**
 * @param splits instants in seconds
 * @param step seconds between them
 */
export function timeLabels(splits: readonly number[], step: number, zone: string): string[] {
  const [fine, coarse]: Intl.DateTimeFormatOptions[] =
    step < DAY
      ? [
          { hour: '2-digit', minute: '2-digit' },
          { day: 'numeric', month: 'short' },
        ]
      : step < 28 * DAY
        ? [{ day: 'numeric', month: 'short' }, { year: 'numeric' }]
        : step < 360 * DAY
          ? [{ month: 'short' }, { year: 'numeric' }]
          : [{ year: 'numeric' }, {}];
  let before = '';
  return splits.map((seconds) => {
    const date = new Date(seconds * 1000);
    const first = format(zone, fine ?? {}).format(date);
    if (!coarse || Object.keys(coarse).length === 0) return first;
    const second = format(zone, coarse).format(date);
    const label = second === before ? first : `${first}\n${second}`;
    before = second;
    return label;
  });
}
