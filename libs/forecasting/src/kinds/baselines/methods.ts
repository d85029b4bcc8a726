/** Every baseline by its kind, so that a registry, a checkpoint or a command line can name it. */
import { AlmanacError } from '@almanac/series';
import type { Checkpoint, Forecaster, Room } from '../../forecaster.js';
import { autoEts } from './ets/autoEts.js';
import { LocalForecaster, type LocalConfig, type LocalMethod } from './forecaster.js';
import { drift, naive, seasonalNaive } from './naive.js';
import { naive2 } from './naive2.js';
import { BASELINE_KINDS, type BaselineKind, isBaselineKind } from './plan.js';
import { optimisedTheta, theta } from './theta.js';

const METHODS: Record<BaselineKind, LocalMethod> = { naive, seasonalNaive, drift, naive2, theta, optimisedTheta, autoEts };

/**
 * @example createBaseline('seasonalNaive', { seasonLength: 168 })
 * @throws BASELINE_CONFIG a setting that it does not have
 */
export function createBaseline(kind: BaselineKind, config: LocalConfig = {}): Forecaster {
  return new LocalForecaster(kind, METHODS[kind], config);
}

/** @throws BASELINE_UNKNOWN a checkpoint of another kind of model */
export function loadBaseline(checkpoint: Checkpoint): Forecaster {
  const { kind, config } = checkpoint.manifest;
  if (!isBaselineKind(kind)) {
    throw new AlmanacError('BASELINE_UNKNOWN', `"${kind}" is no baseline.`, {
      hint: `Baselines are ${BASELINE_KINDS.join(', ')}.`,
      subject: { kind },
    });
  }
  return createBaseline(kind, config as LocalConfig);
}

export const baselineRoom: Room = {
  kinds: BASELINE_KINDS,
  create: (kind, config) => createBaseline(kind as BaselineKind, config),
  load: loadBaseline,
};
