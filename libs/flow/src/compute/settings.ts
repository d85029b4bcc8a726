/** The settings of a model: what the one rule derives from the history, with what a request overrides. */
import { covariatesOf, defaultConfig, type Panel, type SegmentConfig } from '@almanac/forecasting';

export interface Wishes {
  kind: string;
  horizon: number;
  /** Last steps of each series that the rule must not count. */
  holdout: number;
  contextLength?: number | undefined;
  steps?: number | undefined;
  config: Record<string, unknown>;
}

export function settings(panel: Panel, { kind, horizon, holdout, contextLength, steps, config }: Wishes): Record<string, unknown> {
  if (kind !== 'segment') return config;
  const lengths = panel.series.map(({ values }) => Math.max(0, values.length - holdout));
  const { frequency, seasonLengths } = panel;
  const covariates = covariatesOf(panel.series);
  const derived = defaultConfig({ frequency, seasonLengths, horizon, lengths, count: panel.series.length, covariates });
  const { train: trainOverrides, ...overrides } = config as Partial<SegmentConfig>;
  const merged = {
    ...derived,
    ...(contextLength === undefined ? {} : { contextLength: wholeSegments(contextLength, derived) }),
    ...overrides,
  };
  return { ...merged, train: { ...derived.train, ...(steps === undefined ? {} : { steps }), ...trainOverrides } };
}

/** At least so many steps, as segments go. */
const wholeSegments = (contextLength: number, { segmentLength }: SegmentConfig): number =>
  segmentLength * Math.ceil(contextLength / segmentLength);
