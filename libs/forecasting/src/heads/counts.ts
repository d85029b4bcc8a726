/** What the head for counts asks of the data. */
import { AlmanacError } from '@almanac/series';
import { type Panel } from '../forecaster.js';

/** @throws TARGET_NOT_COUNTS naming the first series with a value that is no whole number from 0 up */
export function requireCounts(panel: Panel): void {
  const other = panel.series.find(({ values }) => values.some((value) => value < 0 || (!Number.isNaN(value) && !Number.isInteger(value))));
  if (other)
    throw new AlmanacError('TARGET_NOT_COUNTS', `Series ${other.id} has values that are no counts.`, {
      hint: 'The negativeBinomial head is for whole numbers from 0 up; use another head.',
      subject: { series: other.id },
    });
}
