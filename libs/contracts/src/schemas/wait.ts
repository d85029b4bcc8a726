/** How long an answer is waited for. */
import { z } from 'zod';

export const wait = z
  .number()
  .min(0)
  .max(60)
  .default(30)
  .meta({ description: 'Seconds to wait for the answer; after them, 202 and a run to follow.' });
