/** The space of a search as text, one line a setting: values with commas between, or a range as `0.0005 to 0.005`. */
import type { SearchChoices } from '@almanac/contracts';

/** What was written, by the path of the setting; an empty line is not varied. */
export type Lines = Record<string, string>;

const RANGE = /^(\S+)\s+to\s+(\S+)$/;

export function textOf(choice: SearchChoices[string]): string {
  if ('from' in choice) return `${choice.from} to ${choice.to}`;
  return choice.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ');
}

export const linesOf = (space: SearchChoices): Lines =>
  Object.fromEntries(Object.entries(space).map(([path, choice]) => [path, textOf(choice)]));

/** What cannot be read as a number or the like stays text, and the server says whether the setting may be that. */
export function spaceOf(lines: Lines): SearchChoices {
  return Object.fromEntries(
    Object.entries(lines).flatMap(([path, text]): [string, SearchChoices[string]][] => {
      const written = text.trim();
      if (written === '') return [];
      const [, from, to] = RANGE.exec(written) ?? [];
      if (from !== undefined && Number(from) > 0 && Number(to) > 0) return [[path, { from: Number(from), to: Number(to) }]];
      const values = written.split(',').flatMap((one) => (one.trim() === '' ? [] : [valueOf(one.trim())]));
      return values.length === 0 ? [] : [[path, values]];
    }),
  );
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Settings that have one plain value, those of groups by their path: what can be varied by a line of text. */
export function plainSettings(config: Record<string, unknown>, before = ''): string[] {
  return Object.entries(config).flatMap(([name, value]) => {
    if (typeof value === 'object' && value !== null)
      return Array.isArray(value) ? [] : plainSettings(value as Record<string, unknown>, `${before}${name}.`);
    return [before + name];
  });
}
