/**
 * Months by name in the languages that `Intl` knows: which month does each word of a column mean?
 *
 * Invariant: a column is written in one language. Every word must be a month of it; where languages in which all words are
 * months disagree on one (listopad is October in Croatian and November in Polish), nothing is guessed.
 */
import { AlmanacError } from '@almanac/series';

/** Languages of CLDR that people keep tables in; those that this `Intl` lacks are left out. */
export const LANGUAGES =
  'af ar az be bg bn bs ca cs cy da de de-AT el en es es-MX et eu fa fi fil fo fr fr-CA ga gl he hi hr hu hy id is it ja ka kk ko lb lt lv mk mn ms mt nb nl nn pl pt pt-PT ro ru sk sl sq sr sr-Latn sv sw ta te th tr uk uz vi zh'.split(
    ' ',
  );
const ENGLISH = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Short forms that are written and that no table of `Intl` has. */
const MORE: Readonly<Record<string, Readonly<Record<string, number>>>> = { de: { mrz: 2 }, en: { sept: 8 }, fr: { fev: 1 } };
/** Between day, month and year; halves of the day; zones. They are no months in any language. */
const NO_MONTHS = new Set([
  'am',
  'pm',
  'z',
  't',
  'utc',
  'gmt',
  'de',
  'del',
  'd',
  'w',
  'q',
  'of',
  'a',
  'p',
  'm',
  'er',
  're',
  'st',
  'nd',
  'rd',
  'th',
]);

/** As words are compared: without case, accents and the point behind a short form. */
export function fold(word: string): string {
  return word
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\p{M}.]/gu, '')
    .replaceAll('ı', 'i');
}

/** Months from 0 by folded name. */
function monthsOf(language: string): Map<string, number> {
  const names = new Map<string, number>();
  const take = (name: string, month: number): void => {
    const key = fold(name);
    if (key !== '' && !/\d/.test(key)) names.set(key, month);
  };
  const long: string[] = [];
  for (let month = 0; month < 12; month += 1) {
    const date = new Date(Date.UTC(2024, month, 5));
    for (const width of ['long', 'short'] as const) {
      // Alone, with a day and with a year a month may take other forms.
      for (const others of [{}, { day: 'numeric' }, { year: 'numeric' }] as const) {
        const parts = new Intl.DateTimeFormat(language, { month: width, timeZone: 'UTC', calendar: 'gregory', ...others }).formatToParts(
          date,
        );
        const name = parts.find(({ type }) => type === 'month')?.value ?? '';
        take(name, month);
        if (width === 'long') long.push(fold(name));
      }
    }
  }
  for (const [name, month] of Object.entries(MORE[language.split('-')[0]!] ?? {})) names.set(name, month);
  // The first letters of a name, where no other month begins with them.
  for (const [name, month] of [...names]) {
    for (let letters = 3; letters < name.length; letters += 1) {
      const short = name.slice(0, letters);
      if (!names.has(short) && long.every((other, at) => Math.floor(at / 3) === month || !other.startsWith(short))) names.set(short, month);
    }
  }
  return names;
}

let tables: Map<string, Map<string, number>> | undefined;

/**
 * @param words the distinct words of a column
 * @returns the English short name of the month for each that is one; undefined where they are the months of no language
 * @throws AlmanacError MONTH_NAME_AMBIGUOUS
 */
export function englishMonths(words: readonly string[]): Map<string, string> | undefined {
  tables ??= new Map(Intl.DateTimeFormat.supportedLocalesOf(LANGUAGES).map((language) => [language, monthsOf(language)]));
  const months = words.filter((word) => !NO_MONTHS.has(fold(word)));
  if (months.length === 0) return undefined;
  const readings = [...tables].flatMap(([language, table]) => {
    const read = months.map((word) => table.get(fold(word)));
    return read.every((month) => month !== undefined) ? [{ language, read }] : [];
  });
  const first = readings.find(({ language }) => language === 'en') ?? readings[0];
  if (first === undefined) return undefined;
  const at = months.findIndex((_, index) => readings.some(({ read }) => read[index] !== first.read[index]));
  if (at >= 0 && first.language !== 'en') {
    const rival = readings.find(({ read }) => read[at] !== first.read[at])!;
    throw new AlmanacError(
      'MONTH_NAME_AMBIGUOUS',
      `"${months[at]}" is ${ENGLISH[first.read[at]!]} in one language (${first.language}) and ${ENGLISH[rival.read[at]!]} in another (${rival.language}), and no row of the file tells.`,
      { hint: 'Write the months as numbers, e.g. 2024-01.', subject: { text: months[at], languages: [first.language, rival.language] } },
    );
  }
  return new Map(months.map((word, index) => [word, ENGLISH[first.read[index]!]!]));
}
