/** Whether rows are events that become one value per step: only then can a step be covered in part. */
import type { IngestOptions } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';

export const gathers = ({ aggregation }: IngestOptions): boolean => aggregation !== undefined;

/** @param frequency of the grid, where it is the reason */
export function nothingGathered(options: IngestOptions, frequency?: string): AlmanacError {
  const why = gathers(options)
    ? `no step of this file is gathered from events by their times${frequency === undefined ? '' : ` (frequency ${frequency})`}`
    : 'no aggregation gathers events into steps';
  return new AlmanacError('OPTIONS_CONFLICT', `dropPartialSteps has nothing to do: ${why}.`, {
    hint: gathers(options)
      ? 'Leave dropPartialSteps out; steps that are plain integers, and series that are given as lists, have no part.'
      : 'Name an aggregation (sum, mean, last, count …), or leave dropPartialSteps out; dropLastStep leaves out the last step of any file.',
    subject: { option: 'dropPartialSteps' },
  });
}
