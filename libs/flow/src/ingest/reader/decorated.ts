/**
 * Times with something around them: a weekday (`Mon, 2024-01-01`, `01.01.2024 (Mo)`), or the other end of an interval
 * (`2024-01-01 00:00 - 2024-01-01 01:00`). It is taken off, and what is left is read as the times of every other column.
 *
 * Invariant: nothing is taken off where a column can be read as it is; a weekday only where every word is one.
 */
import { type Database, literal } from './database.js';
import { fold, LANGUAGES } from './monthNames.js';

export interface Undecorated {
  /** SQL of the time alone. */
  text: string;
  note?: string;
  isInterval?: boolean;
}

const WORD = `\\p{L}[\\p{L}\\p{M}'’-]*`;
const BEFORE = `(?s)^(${WORD})[.,]*\\s+(.*\\d.*)$`;
const BEHIND = `(?s)^(.*\\d\\S*?)[\\s,]*[(（\\[]?(${WORD})[.]?[)）\\]]?$`;
const MORE = ['tues', 'thur', 'thurs', 'wedn'];

/** The first end, then the other; between dates a dash with room around it, or a word. */
const INTERVALS = [
  `^(.*\\d.*?)\\s+(?:[-–—~→]|to|bis|until|till|à|au|al|a|tot|до|по)\\s+(.*\\d.*)$`,
  `^(.*\\d)[–—~→](\\d.*)$`,
  `^(\\d{4}-\\d{2}-\\d{2}[^/]*)/(\\d{4}-\\d{2}-\\d{2}.*|P[\\dT].*)$`,
];
/** Between clocks; behind a date this looks like an offset. */
export const CLOCKS = `^(.*\\d{1,2}:\\d{2}(?::\\d{2})?)\\s*[-–—]\\s*(\\d{1,2}:\\d{2}(?::\\d{2})?)$`;

let weekdays: Set<string> | undefined;

function isWeekday(word: string): boolean {
  if (!weekdays) {
    weekdays = new Set(MORE);
    for (const language of Intl.DateTimeFormat.supportedLocalesOf(LANGUAGES))
      for (const width of ['long', 'short'] as const)
        for (let day = 1; day <= 7; day++)
          weekdays.add(
            fold(new Intl.DateTimeFormat(language, { weekday: width, timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, day)))),
          );
  }
  return weekdays.has(fold(word));
}

/**
 * @param sample yields distinct texts of the column as `time`
 * @param text SQL of the column
 * @returns undefined where nothing known stands around
 */
export async function undecorated(database: Database, sample: string, text: string): Promise<Undecorated | undefined> {
  for (const [pattern, word, rest] of [
    [BEFORE, 1, '\\2'],
    [BEHIND, 2, '\\1'],
  ] as const) {
    const words = await database.rows<{ word: string }>(
      `SELECT DISTINCT regexp_extract(time, ${literal(pattern)}, ${word}) AS word FROM ${sample} LIMIT 50`,
    );
    // Rows of totals and the like have none; they are rejected by what they are.
    const found = words.filter((each) => each.word !== '');
    // CET is a Thursday in Croatian.
    if (rest === '\\1' && found.some((each) => /^[A-Z]{2,5}$/.test(each.word))) continue;
    if (found.length > 0 && found.length < 50 && found.every((each) => isWeekday(each.word)))
      return { text: `trim(regexp_replace(${text}, ${literal(pattern)}, ${literal(rest)}))` };
  }
  for (const pattern of [...INTERVALS, CLOCKS]) {
    const { matched, n, example } = await database.one<{ matched: number; n: number; example: string | null }>(
      `SELECT count(*) FILTER (regexp_matches(time, ${literal(pattern)}))::INT AS matched, count(*)::INT AS n, min(time) FILTER (regexp_matches(time, ${literal(pattern)})) AS example FROM ${sample}`,
    );
    if (matched > 0.9 * n)
      return {
        text: `trim(regexp_replace(${text}, ${literal(pattern)}, '\\1'))`,
        isInterval: true,
        note: `The times are intervals ("${example!.slice(0, 60)}"): each was dated by its start.`,
      };
  }
  return undefined;
}
