/**
 * Which calibration each series' forecast goes through: what had been learned by its cutoff, or in a replay the very one it went through.
 */
import type { OnlineConformalState } from '@almanac/forecasting';
import { AlmanacError } from '@almanac/series';
import type { CalibrationRecord, Store, StoredSeries } from '@almanac/store';
import { stateOf } from '../register/calibration.js';

export interface Widths {
  /** By `unique_id`; undefined where no series has one. */
  states: Record<string, OnlineConformalState> | undefined;
  hashes: ReadonlyMap<string, string>;
}

export const NO_WIDTHS: Widths = { states: undefined, hashes: new Map() };

export async function latestWidths(store: Store, versionId: string, shard: readonly StoredSeries[]): Promise<Widths> {
  const wanted = shard.map(({ seriesId, firstStep, values }) => ({ seriesId, untilStep: firstStep + values.length - 1 }));
  return widthsOf(shard, await store.calibrations.latest(versionId, wanted));
}

/** @throws AlmanacError CALIBRATION_MISSING, CALIBRATION_BROKEN */
export async function namedWidths(
  store: Store,
  versionId: string,
  shard: readonly StoredSeries[],
  hashOf: (uniqueId: string) => string | null,
): Promise<Widths> {
  const wanted = shard.flatMap(({ id, seriesId }) => {
    const sha256 = hashOf(id);
    return sha256 === null ? [] : [{ seriesId, sha256 }];
  });
  if (wanted.length === 0) return NO_WIDTHS;
  const found = await store.calibrations.named(versionId, wanted);
  const missing = wanted.find(({ seriesId }) => !found.some((one) => one.seriesId === seriesId));
  if (missing)
    throw new AlmanacError('CALIBRATION_MISSING', `The calibration ${missing.sha256} that the forecast went through is gone.`, {
      hint: 'Restore the table "calibration" from a backup.',
      subject: { calibration: missing.sha256 },
      status: 500,
    });
  return widthsOf(shard, found);
}

function widthsOf(shard: readonly StoredSeries[], records: readonly CalibrationRecord[]): Widths {
  if (records.length === 0) return NO_WIDTHS;
  const names = new Map(shard.map(({ seriesId, id }) => [seriesId, id]));
  const named = records.map((record) => ({ name: names.get(record.seriesId)!, record }));
  return {
    states: Object.fromEntries(named.map(({ name, record }) => [name, stateOf(record)])),
    hashes: new Map(named.map(({ name, record }) => [name, record.sha256])),
  };
}
