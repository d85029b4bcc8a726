/** The plan of a pull: which source is read; how, it says itself when it is. */
import { pullRequest } from '@almanac/contracts';
import type { z } from 'zod';

export const pullPlan = pullRequest;
export type PullPlan = z.infer<typeof pullPlan>;
