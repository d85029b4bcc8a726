/** The plan of a part of a run: its task, and its share of the whole. What the whole has planned is read from that run. */
import { z } from 'zod';

/** Series by name, or all from one to another in byte order; all of the plan where neither is given. */
export const share = z.object({
  ids: z.array(z.string()).optional(),
  between: z.object({ from: z.string(), to: z.string() }).optional(),
});

const no = z.number().int().nonnegative();
export const partPlan = z.discriminatedUnion('task', [
  z.object({ task: z.literal('forecast'), share }),
  /** Windows of a model, from one to before another. */
  z.object({ task: z.literal('backtest'), model: no, from: no, to: no }),
  /** The certificate of a model. */
  z.object({ task: z.literal('certify'), model: no }),
  /** A candidate of a search, with the steps of a rung. */
  z.object({ task: z.literal('trial'), candidate: no, rung: no }),
  /** A member of an ensemble; with so many threads, whichever worker it is. */
  z.object({ task: z.literal('member'), member: no, threads: no }),
]);
export type PartPlan = z.infer<typeof partPlan>;
export type PartTask = PartPlan['task'];
export type PartOf<Task extends PartTask> = Extract<PartPlan, { task: Task }>;
