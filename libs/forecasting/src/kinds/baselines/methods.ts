/** Every baseline by its kind, so that a registry, a checkpoint or a command line can name it. */
import { AlmanacError } from '@almanac/series';
import { type Checkpoint, type Forecaster } from '../../forecaster.js';
import { autoEts } from './ets/autoEts.js';
import { LocalForecaster, type LocalConfig, type LocalMethod } from './forecaster.js';
import { drift, naive, seasonalNaive } from './naive.js';
import { naive2 } from './naive2.js';
import { optimisedTheta, theta } from './theta.js';

const METHODS = { naive, seasonalNaive, drift, naive2, theta, optimisedTheta, autoEts } satisfies Record<string, LocalMethod>;

export type BaselineKind = keyof typeof METHODS;

export const BASELINE_KINDS = Object.keys(METHODS) as readonly BaselineKind[];

export function isBaselineKind(kind: string): kind is BaselineKind {
  return Object.hasOwn(METHODS, kind);
}

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
