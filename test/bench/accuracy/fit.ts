/**
 * One way for every data set from a panel to a fitted forecaster: the default ensemble, which on long series is of one network unless more
 * are asked for.
 */
import {
  createForecaster,
  defaultEnsemble,
  defaultLinearConfig,
  type Forecaster,
  type Metric,
  type Panel,
  type SegmentConfig,
} from '@almanac/forecasting';

export interface FitSettings {
  seed: number;
  threads: number;
  members: number;
  /** Overrides the budget of the defaults, for a quick look. */
  steps?: number;
  /** The linear forecaster alone, in the place of networks. */
  linear?: boolean;
}

/** @param tail steps at the end that the protocol sets apart for validation; the default's own where absent */
export async function fitDefault(
  panel: Panel,
  horizon: number,
  metric: Metric,
  settings: FitSettings,
  tail?: number,
): Promise<{ model: Forecaster; seconds: number }> {
  const lengths = panel.series.map(({ values }) => values.length);
  const facts = { frequency: panel.frequency, seasonLengths: panel.seasonLengths, horizon, lengths, count: lengths.length, metric };
  const { members, combine, stacking } = defaultEnsemble(facts, settings.members, { steps: settings.steps });
  if (stacking && tail !== undefined) stacking.tail = tail;
  for (const member of members) {
    if (tail === undefined) break;
    if (member.kind === 'linear') member.config['validationTail'] = tail;
    if (member.kind === 'segment') (member.config as SegmentConfig).train.validationTail = tail;
  }
  const linear = { ...defaultLinearConfig(facts), ...(tail === undefined ? {} : { validationTail: tail }) };
  const [only] = settings.linear ? [{ kind: 'linear', config: linear }] : members;
  const model =
    settings.linear || members.length === 1
      ? createForecaster(only!.kind, only!.config)
      : createForecaster('ensemble', { members, combine, ...(stacking ? { stacking } : {}) });
  const started = performance.now();
  let shown = 0;
  await model.fit(panel, {
    seed: settings.seed,
    threads: settings.threads,
    onProgress: ({ step, totalSteps, validation, etaSeconds }) => {
      if (validation === undefined || performance.now() - shown < 10_000) return;
      shown = performance.now();
      console.log(`  step ${step}/${totalSteps}, validation loss ${validation.toFixed(4)}, ${etaSeconds.toFixed(0)} s to go`);
    },
  });
  const { members: weighed } = model.config as { members?: { weight?: number }[] };
  if (stacking && weighed) console.log(`  weights: ${weighed.map(({ weight = 1 }) => weight.toFixed(2)).join(', ')}`);
  return { model, seconds: (performance.now() - started) / 1000 };
}

/** The panel without the last `steps` of every series. */
export function withoutLast(panel: Panel, steps: number): Panel {
  return { ...panel, series: panel.series.map((one) => ({ ...one, values: one.values.slice(0, one.values.length - steps) })) };
}
