/** Every forecaster by its kind: made from settings, or from a checkpoint. */
import { AlmanacError } from '@almanac/series';
import { BASELINE_KINDS, createBaseline, isBaselineKind, loadBaseline } from './baselines/methods.js';
import type { SegmentConfig } from './segment/config.js';
import { EnsembleForecaster, type EnsembleConfig } from './ensemble/forecaster.js';
import type { Checkpoint, Forecaster } from '../forecaster.js';
import type { LinearConfig } from './linear/config.js';
import { LinearForecaster } from './linear/forecaster.js';
import { OnlineForecaster } from './online/forecaster.js';
import type { OnlineSettings } from './online/onlineModel.js';
import type { RecurrentConfig } from './recurrent/config.js';
import { RecurrentForecaster } from './recurrent/forecaster.js';
import { SegmentForecaster } from './segment/forecaster.js';
import { ColdStartForecaster, type ColdStartConfig } from './coldStart/forecaster.js';

export const FORECASTER_KINDS: readonly string[] = ['segment', 'recurrent', 'ensemble', 'coldStart', 'online', 'linear', ...BASELINE_KINDS];

/**
 * A forecaster that has yet to be fitted.
 *
 * @param config of `segment`: see `defaultConfig`; of `recurrent`: see `defaultRecurrentConfig`; of `ensemble`: `{ members: [{ kind, config
 * }], combine }`; of `coldStart`: `{ member: { kind, config }, horizon, seasonLengths, covariates }`; of `online`: `OnlineSettings`; of
 * `linear`: see `defaultLinearConfig`; of a baseline: `{ seasonLength? }`
 * @throws MODEL_UNKNOWN, INVALID_CONFIG
 */
export function createForecaster(kind: string, config: Record<string, unknown> = {}): Forecaster {
  if (kind === 'segment') return new SegmentForecaster(config as SegmentConfig);
  if (kind === 'recurrent') return new RecurrentForecaster(config as RecurrentConfig);
  if (kind === 'ensemble') return new EnsembleForecaster(config as EnsembleConfig, doors);
  if (kind === 'coldStart') return new ColdStartForecaster(config as ColdStartConfig, doors);
  if (kind === 'online') return new OnlineForecaster(config as unknown as OnlineSettings);
  if (kind === 'linear') return new LinearForecaster(config as LinearConfig);
  if (isBaselineKind(kind)) return createBaseline(kind, config);
  throw unknownKind(kind);
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
  if (kind === 'segment') return SegmentForecaster.load(checkpoint);
  if (kind === 'recurrent') return RecurrentForecaster.load(checkpoint);
  if (kind === 'ensemble') return EnsembleForecaster.load(checkpoint, doors);
  if (kind === 'coldStart') return ColdStartForecaster.load(checkpoint, doors);
  if (kind === 'online') return OnlineForecaster.load(checkpoint);
  if (kind === 'linear') return LinearForecaster.load(checkpoint);
  if (isBaselineKind(kind)) return loadBaseline(checkpoint);
  throw unknownKind(kind);
}

const doors = { create: createForecaster, load: loadForecaster };

function unknownKind(kind: string): AlmanacError {
  return new AlmanacError('MODEL_UNKNOWN', `There is no model named "${kind}".`, {
    hint: `Models are ${FORECASTER_KINDS.join(', ')}.`,
    subject: { kind },
  });
}
