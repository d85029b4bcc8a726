/** The plan of an ingest run: which upload is read, and how. */
import { ingestOptions } from '@almanac/contracts';
import { z } from 'zod';

/** What was read of a source, and how far it has been read once it is stored. */
export const sourceMark = z.object({
  id: z.uuid(),
  name: z.string(),
  revision: z.number().int(),
  /** The run that read it. */
  pull: z.uuid(),
  since: z.string().nullable(),
  rows: z.number().int().nullable(),
  bytes: z.number().int(),
  next: z.object({
    watermark: z.string().optional(),
    etag: z.string().optional(),
    lastModified: z.string().optional(),
    sha256: z.string().optional(),
  }),
  /** Of a bucket. */
  object: z.object({ key: z.string(), etag: z.string() }).optional(),
  /** Further objects were there. */
  more: z.boolean(),
});
export type SourceMark = z.infer<typeof sourceMark>;

export const ingestPlan = z.object({ uploadId: z.uuid(), fileName: z.string(), options: ingestOptions, source: sourceMark.optional() });
export type IngestPlan = z.infer<typeof ingestPlan>;
