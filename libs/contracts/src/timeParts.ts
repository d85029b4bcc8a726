/**
 * Times that are spread over columns: a date and a clock, a year and a month. They are named together, `Date + Time`; here is which
 * columns of a file belong together, for the reader and for the form of the dashboard.
 */

export type TimePart = 'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour' | 'period' | 'other';

const NAMES: readonly (readonly [TimePart, RegExp])[] = [
  ['year', /^(calendar |cal )?(year|yr|yyyy|jahr|año|ano|anno|année|annee|an|jaar|år|rok|год|年)$/],
  ['quarter', /^(quarter|qtr|quartal|trimestre|kwartaal|kwartał|квартал)$/],
  ['month', /^(month|mm|mon|month name|month no|monat|mois|mes|mês|mese|maand|måned|månad|miesiąc|месяц|月)$/],
  [
    'week',
    /^((iso|calendar) ?)?(week|wk|kw|woche|semaine|semana|settimana|vecka|uke|uge|tydzień|неделя|week no|week number|week of year|weeknum)$/,
  ],
  ['day', /^(day|dd|day of month|tag|jour|día|dia|giorno|dag|dzień|день|日)$/],
  ['hour', /^(hour|hr|hh|hour of day|hour ending|he|stunde|heure|hora|ora|uur|godzina|час|time)$/],
  // Of a day.
  [
    'period',
    /^((settlement|trading|delivery|dispatch|market|imbalance|balancing) )?(period|interval|isp|ptu|mtu)( (no|nr|number|id))?$|^sp$|^(quarter|half) ?hours?$|^(viertel|halb) ?stunde$/,
  ],
];

export function partOf(name: string): TimePart {
  const plain = name
    .trim()
    .toLowerCase()
    .replace(/[_\s.-]+/g, ' ');
  return NAMES.find(([, pattern]) => pattern.test(plain))?.[0] ?? 'other';
}

export const JOINT = ' + ';
/** `Date + Time` → its columns. */
export const partsOf = (name: string): string[] => name.split(/\s+\+\s+/).map((part) => part.trim());

/** Dates by numbers, months, quarters, halves and weeks, and months by name; with or without a clock behind. A price is none. */
export const LOOKS_LIKE_TIME =
  /^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{4}[-/]\d{1,2}|\d{1,2}\/\d{4}|\d{4}[- ]?([QT][1-4]|[HS][12]|K?W\d{1,2})|([QT][1-4]|[1-4][QT]|[HS][12]|[12][HS])[-/ ]?\d{4}|(Q[1-4]|[1-4]Q)[-/ ]?['’]?\d{2}|K?W ?\d{1,2}[-/. ]+\d{4}|\d{1,2}\.?[- ]\p{L}{3,}\.?[- ]\d{2,4}|\p{L}{3,}\.?[- ](\d{1,2},? )?\d{4})($|[T\s,])/u;

const CLOCK = /^\d{1,2}[:.]\d{2}([:.]\d{2}(\.\d+)?)?(\s*[AaPp][Mm])?(\s*([-–—]|to|bis)\s*\d{1,2}[:.]\d{2}([:.]\d{2})?)?$/;
const DATE =
  /^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[-/ .]+\p{L}{3,}\.?[-/ ,]+\d{2,4}|\p{L}{3,}\.? \d{1,2},? \d{4})([T ]00:00(:00(\.0+)?)?)?$/u;
const YEAR = /^(19|20)\d\d(\.0+)?$/;
const whole =
  (from: number, to: number) =>
  (text: string): boolean =>
    /^\d{1,3}(\.0+)?$/.test(text) && Number(text) >= from && Number(text) <= to;

/**
 * @param rows some rows as text, by column
 * @returns the columns that make a time together, in order; undefined where one column does
 */
export function timeTogether(columns: readonly string[], rows: readonly (readonly (string | null | undefined)[])[]): string[] | undefined {
  const all = (at: number, test: (text: string) => boolean): boolean => {
    const cells = rows.flatMap((row) => row[at]?.trim() || []);
    return cells.length > 0 && cells.every(test);
  };
  const find = (part: TimePart, test: (text: string) => boolean): string | undefined =>
    columns.find((name, at) => partOf(name) === part && all(at, test));
  const clock = columns.find((_, at) => all(at, (text) => CLOCK.test(text))) ?? find('hour', whole(0, 25)) ?? find('period', whole(0, 300));
  const date = columns.find((_, at) => all(at, (text) => DATE.test(text)));
  if (date !== undefined) return clock === undefined ? undefined : [date, clock];
  const year = find('year', (text) => YEAR.test(text));
  if (year === undefined) return undefined;
  const month = find('month', (text) => whole(1, 12)(text) || /^\p{L}{3,}\.?$/u.test(text));
  if (month !== undefined) {
    const day = find('day', whole(1, 31));
    return [year, month, ...(day === undefined ? [] : [day, ...(clock === undefined ? [] : [clock])])];
  }
  const week = find('week', (text) => whole(1, 53)(text.replace(/^(k?w|cw)\s?/i, '')));
  if (week !== undefined) return [year, week];
  const quarter = find('quarter', (text) => /^[qQtT]?\s?[1-4](\.0+)?$/.test(text));
  return quarter === undefined ? undefined : [year, quarter];
}
