/** How long a workspace keeps finished runs and what belongs to them. */
import { z } from 'zod';
import { etag } from './common.js';

const LONGEST_DAYS = 36_500;

export const keptName = z.enum(['forecasts', 'runs', 'logs']);
export type KeptName = z.infer<typeof keptName>;

/** What each of them removes, as a sentence goes on. */
export const KEPT: Record<KeptName, string> = {
  forecasts: 'forecasts, with their runs, attention maps and overrides',
  runs: 'other finished runs, with their scores and rejected rows',
  logs: 'firings of schedules, and training curves',
};

const shown = z.number().int().nullable().meta({ description: 'Days; null: for ever.' });
export const retention = z
  .object({ ...(Object.fromEntries(keptName.options.map((name) => [name, shown])) as Record<KeptName, typeof shown>), etag })
  .meta({
    id: 'Retention',
    description:
      'Counted from the end of a run. Runs that a version of a dataset or model came from stay, and so does the latest that succeeded of each kind for each dataset and model.',
  });
export type Retention = z.infer<typeof retention>;

const asDays = `must be a whole number of days from 1 to ${LONGEST_DAYS}, or null for ever`;
const wanted = z.number(asDays).int(asDays).min(1, asDays).max(LONGEST_DAYS, asDays).nullable().optional();
export const retentionPatch = z
  .object(Object.fromEntries(keptName.options.map((name) => [name, wanted])) as Record<KeptName, typeof wanted>)
  .meta({ description: 'Those named are set, in days; null keeps for ever.' });
export type RetentionPatch = z.infer<typeof retentionPatch>;
