/** The plan of an ingest run: which upload is read, and how. */
import { ingestOptions } from '@almanac/contracts';
import { z } from 'zod';

export const ingestPlan = z.object({ uploadId: z.uuid(), fileName: z.string(), options: ingestOptions });
export type IngestPlan = z.infer<typeof ingestPlan>;
