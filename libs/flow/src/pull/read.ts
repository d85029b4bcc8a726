/** A source as its row has it. */
import { ingestOptions, type SourceFrom, sourceFrom, type SourceOptions } from '@almanac/contracts';
import type { SourceRecord } from '@almanac/store';
import { z } from 'zod';

/** How far it has been read and stored. */
const sourceState = z.object({
  watermark: z.string().optional(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** Of the content that was stored last. */
  sha256: z.string().optional(),
  storedAt: z.string().optional(),
});
export type SourceState = z.infer<typeof sourceState>;

export function readSource({ from, options, state }: SourceRecord): { from: SourceFrom; options: SourceOptions; state: SourceState } {
  return { from: sourceFrom.parse(from), options: ingestOptions.omit({ dryRun: true }).parse(options), state: sourceState.parse(state) };
}
