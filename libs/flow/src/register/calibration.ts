/** Calibrations as the store keeps them: each named by its content, which is checked before a forecast goes through it. */
import { createHash } from 'node:crypto';
import type { OnlineConformalState } from '@almanac/forecasting';
import { AlmanacError } from '@almanac/series';
import type { CalibrationRecord, Json, ModelVersionRecord } from '@almanac/store';

export function toCalibration(seriesId: number, observedUntil: number, state: OnlineConformalState): CalibrationRecord {
  return { seriesId, observedUntil, state: state as unknown as Json, sha256: hashOf(observedUntil, state) };
}

/** @throws AlmanacError CALIBRATION_BROKEN */
export function stateOf({ observedUntil, state, sha256 }: CalibrationRecord): OnlineConformalState {
  if (hashOf(observedUntil, state) === sha256) return state as unknown as OnlineConformalState;
  throw new AlmanacError('CALIBRATION_BROKEN', `The calibration ${sha256} is not what was stored.`, {
    hint: 'Restore the table "calibration" from a backup, or forecast with `calibrate: false`.',
    subject: { calibration: sha256 },
    status: 500,
  });
}

/** Forecasts that add up over a hierarchy would no longer do so once each series had widths of its own. */
export const mayCalibrate = ({ config }: Pick<ModelVersionRecord, 'config'>): boolean => Object.keys(config['parents'] ?? {}).length === 0;

const hashOf = (observedUntil: number, state: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([observedUntil, state]))
    .digest('hex');
