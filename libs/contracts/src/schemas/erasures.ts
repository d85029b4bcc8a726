/** Certificates of what was deleted. */
import { z } from 'zod';
import { instant, pageOf, uuid } from './common.js';

export const erasure = z
  .object({
    id: uuid,
    kind: z.enum(['dataset', 'series', 'workspace']),
    name: z.string().meta({ description: 'Of a series: dataset/series.' }),
    rows: z.record(z.string(), z.number().int()).meta({ description: 'What went from the database with the request, by kind.' }),
    objects: z
      .array(
        z.object({
          sha256: z.string(),
          what: z.enum(['upload', 'weights', 'manifest', 'state']),
          fate: z
            .enum(['deleted', 'kept'])
            .nullable()
            .meta({ description: '`kept`: something else has the same content; null: to be done.' }),
        }),
      )
      .meta({ description: 'Files in object storage that only it used, or did.' }),
    requestedAt: instant,
    completedAt: instant
      .nullable()
      .meta({ description: 'When the last file was gone: within an hour of the request while object storage can be reached.' }),
  })
  .meta({ id: 'Erasure' });
export type Erasure = z.infer<typeof erasure>;
export const erasurePage = pageOf(erasure);
