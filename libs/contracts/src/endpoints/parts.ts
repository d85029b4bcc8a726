/** Path parameters that several resources share, and an answer that is not JSON. */
import { z } from 'zod';
import { name, uniqueId, uuid } from '../schemas/common.js';

export const text = z.string();
export const byDataset = z.object({ dataset: name });
export const bySeries = byDataset.extend({ uniqueId });
/** What a path cannot carry: see `buildPath`. */
export const idInQuery = {
  uniqueId: uniqueId.optional().meta({ description: 'Instead of the id in the path, where it is `.` or `..`.' }),
};
export const byRun = z.object({ runId: uuid });
export const byModel = z.object({ model: name });
export const bySchedule = z.object({ schedule: name });
export const bySource = z.object({ source: name });
export const byWorkspace = z.object({ workspace: name });
export const byWebhook = z.object({ webhookId: uuid });
