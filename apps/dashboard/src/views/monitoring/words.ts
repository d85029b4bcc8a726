/** Alerts of the monitoring, in words. */
import type { Alert } from '@almanac/contracts';

export const alertTitles: Record<Alert['code'], string> = {
  ERROR_DRIFT: 'The error has grown',
  BIAS: 'The forecasts lean to one side',
  COVERAGE: 'The intervals miss their share',
  INPUT_DRIFT: 'The data have changed',
  ANOMALY: 'Unexpected observations',
  BREAK: 'A break: what the champion learned holds no more',
  ROLLED_BACK: 'The champion was rolled back',
};
