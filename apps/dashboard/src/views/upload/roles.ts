/** What each column of a file is for, as the options of an upload say it. */
import { type IngestOptionsInput, partsOf } from '@almanac/contracts';

export const roles = {
  ignored: 'left out',
  id: 'series',
  time: 'time',
  target: 'target',
  futureCovariate: 'future covariate',
  pastCovariate: 'past covariate',
  staticCovariate: 'static covariate',
} as const;
export type Role = keyof typeof roles;

const single = { id: 'idColumn', time: 'timeColumn', target: 'valueColumn' } as const;
const several = { futureCovariate: 'futureCovariates', pastCovariate: 'pastCovariates', staticCovariate: 'staticCovariates' } as const;

/** What stands for a column that is not named. */
const DEFAULTS = { idColumn: 'unique_id', timeColumn: 'ds', valueColumn: 'y' } as const;

export function roleOf(options: IngestOptionsInput, column: string): Role {
  for (const [role, key] of Object.entries(several)) if (options[key]?.includes(column)) return role as Role;
  for (const [role, key] of Object.entries(single)) if ((options[key] || DEFAULTS[key]) === column) return role as Role;
  // A date and its clock are the time together.
  return partsOf(options.timeColumn || DEFAULTS.timeColumn).includes(column) ? 'time' : 'ignored';
}

/** The options with a column in another role. A role that only one column can have is taken from the one that had it. */
export function withRole(options: IngestOptionsInput, column: string, role: Role): IngestOptionsInput {
  const next: IngestOptionsInput = { ...options };
  for (const key of Object.values(several)) if (next[key]?.includes(column)) next[key] = next[key].filter((name) => name !== column);
  for (const key of Object.values(single)) if (next[key] === column) next[key] = '';

  if (role in single) next[single[role as keyof typeof single]] = column;
  else if (role in several) {
    const key = several[role as keyof typeof several];
    next[key] = [...(next[key] ?? []), column];
  }
  return next;
}

/** A file without a column of ids, known or named, holds one series. */
export const needsNoId = (columns: readonly string[] | undefined): boolean => columns !== undefined && !columns.includes(DEFAULTS.idColumn);

/** What is sent: fields that were left empty are not, except where that says that the file is one series. */
export const sendable = (options: IngestOptionsInput, columns: readonly string[] | undefined): IngestOptionsInput => ({
  ...(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== '' && value !== undefined)) as IngestOptionsInput),
  ...(!options.idColumn && needsNoId(columns) && options.valueColumn && options.layout !== 'wide' ? { idColumn: '' } : {}),
});
