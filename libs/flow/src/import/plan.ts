/** The plan of an import: a version that was trained elsewhere, and what it rests on there. */
import { modelVersion } from '@almanac/contracts';
import { z } from 'zod';

export const importPlan = z.object({
  imported: z.object({ digest: z.string(), model: z.string(), version: z.number().int() }),
  lineage: modelVersion.shape.lineage,
  /** On the grid of the dataset here; null where nobody knows. */
  learnedUntilStep: z.number().int().nullable(),
});
export type ImportPlan = z.infer<typeof importPlan>;
