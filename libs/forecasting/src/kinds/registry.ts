/**
 * Every kind of model: the second of the two tables, of what computes. A new kind is a folder here and a line in each table;
 * `plans.ts` is the other.
 */
import { AlmanacError } from '@almanac/series';
import type { Checkpoint, Forecaster, MemberMaker, Room } from '../forecaster.js';
import { autoRoom } from './auto/forecaster.js';
import { baselineRoom } from './baselines/methods.js';
import { coldStartRoom } from './coldStart/forecaster.js';
import { ensembleRoom } from './ensemble/forecaster.js';
import { linearRoom } from './linear/forecaster.js';
import { onlineRoom } from './online/forecaster.js';
import { pretrainedRoom } from './pretrained/forecaster.js';
import { recurrentRoom } from './recurrent/forecaster.js';
import { segmentRoom } from './segment/forecaster.js';

const ROOMS: readonly Room[] = [
  autoRoom,
  segmentRoom,
  recurrentRoom,
  ensembleRoom,
  coldStartRoom,
  onlineRoom,
  linearRoom,
  pretrainedRoom,
  baselineRoom,
];

const BY_KIND = new Map(ROOMS.flatMap((room) => room.kinds.map((kind) => [kind, room] as const)));

export const FORECASTER_KINDS: readonly string[] = [...BY_KIND.keys()];

/**
 * A forecaster that has yet to be fitted.
 *
 * @param config whole, as `plans.settings` derives it for a panel
 * @throws MODEL_UNKNOWN, INVALID_CONFIG
 */
export function createForecaster(kind: string, config: Record<string, unknown> = {}): Forecaster {
  return roomOf(kind).create(kind, config, doors);
}

/** A fitted forecaster. @throws CHECKPOINT_FORMAT, MODEL_UNKNOWN, CHECKPOINT_BROKEN */
export function loadForecaster(checkpoint: Checkpoint): Forecaster {
  const { format, version, kind } = checkpoint.manifest;
  if (format !== 'almanac-checkpoint' || version !== 1)
    throw new AlmanacError(
      'CHECKPOINT_FORMAT',
      `This is not a checkpoint of version 1, but "${String(format)}" version ${String(version)}.`,
      {
        hint: 'Load it with the version of Almanac that wrote it.',
      },
    );
  return roomOf(kind).load(checkpoint, doors);
}

const doors: MemberMaker = { create: createForecaster, load: loadForecaster };

function roomOf(kind: string): Room {
  const room = BY_KIND.get(kind);
  if (room) return room;
  throw new AlmanacError('MODEL_UNKNOWN', `There is no model named "${kind}".`, {
    hint: `Models are ${FORECASTER_KINDS.join(', ')}.`,
    subject: { kind },
  });
}
