/** Times of a request that lie on no step: named by series and position, with what the series could be instead. */
import { AlmanacError, counted, findRhythm, type Frequency, isAlmanacError } from '@almanac/series';
import { instantAt } from './readStep.js';

/** Times that are named. */
const MOST_NAMED = 5;

interface TimedSeries {
  uniqueId: string;
  ds?: readonly (string | number)[] | undefined;
}

interface Off {
  series: string;
  position: number;
  ds: string;
  instant: number;
}

/**
 * Names every time that is off the grid, the first few of them with series and position.
 * @param model whose grid it is, and which no other frequency can be said of
 * @throws AlmanacError OFF_GRID, CLOSED_DAY
 */
export function refuseOffGrid(series: readonly TimedSeries[], grid: Frequency, model?: string): void {
  if (grid.kind === 'integer') return;
  const all: number[] = [];
  const off: Off[] = [];
  for (const { uniqueId, ds = [] } of series)
    ds.forEach((time, position) => {
      if (typeof time !== 'string') return;
      const instant = instantAt(time, grid.timeZone, uniqueId);
      all.push(instant);
      if (!grid.isOnGrid(instant)) off.push({ series: uniqueId, position, ds: time, instant });
    });
  const [first] = off;
  if (!first) return;
  const closed = grid.isClosed(first.instant);
  const alike = off.filter(({ instant }) => grid.isClosed(instant) === closed);
  const named = alike.slice(0, MOST_NAMED);
  const more = alike.length > named.length ? ` and ${(alike.length - named.length).toLocaleString('en')} more` : '';
  const what = closed ? `on days ${grid.hours ? 'or in hours ' : ''}that are closed on the grid` : 'off the grid';
  const others = off.length > alike.length ? ` ${(off.length - alike.length).toLocaleString('en')} more times are at fault.` : '';
  throw new AlmanacError(
    closed ? 'CLOSED_DAY' : 'OFF_GRID',
    `${alike.length.toLocaleString('en')} ${alike.length === 1 ? 'time is' : 'times are'} ${what} ${grid.label} (${grid.timeZone}): ${named
      .map(({ ds, series, position }) => `"${ds}" (position ${position} of series "${series}")`)
      .join(', ')}${more}.${others}`,
    {
      hint: `${rhythmSaid(all, off, grid)}${wayOut(grid, closed, model)}`,
      subject: {
        series: first.series,
        ds: first.ds,
        frequency: grid.label,
        count: alike.length,
        rows: named.map(({ series, position, ds }) => ({ series, position, ds })),
      },
    },
  );
}

/** What the times are, where most of them are not on the grid. */
function rhythmSaid(all: readonly number[], off: readonly Off[], grid: Frequency): string {
  if (2 * off.length <= all.length) return `Most times are on ${grid.label}. `;
  for (const timeZone of new Set([grid.timeZone, 'UTC'])) {
    const found = rhythmOf(all, timeZone);
    if (!found) continue;
    if (timeZone === grid.timeZone || found.code === grid.code)
      return `The times have the rhythm ${found.label}${timeZone === grid.timeZone ? '' : ` of ${timeZone}: say timeZone ${timeZone}`}. `;
  }
  return '';
}

/** Undefined where the times show none. */
function rhythmOf(times: readonly number[], timeZone: string): Frequency | undefined {
  try {
    return findRhythm(counted(times), timeZone).frequency;
  } catch (error) {
    if (isAlmanacError(error)) return undefined;
    throw error;
  }
}

function wayOut(grid: Frequency, closed: boolean, model: string | undefined): string {
  if (model !== undefined)
    return (
      `${model} was trained on ${grid.label} and forecasts no other grid: ${closed ? 'leave out what lies on closed steps' : 'correct the times'}, ` +
      'or name a kind that needs no training (model auto), which takes the rhythm of the series.'
    );
  if (closed) return `Leave the values out, or give a frequency in which they are open, e.g. ${grid.kind === 'fixed' ? 'h' : 'D'}.`;
  return 'Correct the others, or give a finer frequency or another time zone.';
}
