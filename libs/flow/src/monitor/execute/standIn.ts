/**
 * After a confirmed break the best live baseline stands in for the champion: it is registered as a version like any other, and `champion`
 * moves to it, in the transaction that ends the monitor run. The next challenger that passes the gate takes the place back.
 * Invariants: it takes the place of the champion that was judged, or of nobody; a stand-in is never replaced by another.
 */
import type { Alert, Break, StandIn } from '@almanac/contracts';
import { isAlmanacError } from '@almanac/series';
import { type DatasetRecord, type ModelVersionRecord, REFERENCE, type Store, TRAINED } from '@almanac/store';
import type { Compute, TrainTask } from '../../compute/index.js';
import { baselineOf } from '../../compute/baselines.js';
import { type Registration, registerVersion } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readPanel } from '../../runs/panel.js';

const SEED = 1;

export const standInOf = ({ metrics }: Pick<ModelVersionRecord, 'metrics'>): StandIn | undefined =>
  (metrics as { standsIn?: StandIn }).standsIn;

/** Fitted and measured as every version is, on one horizon; undefined where the history is too short for that. */
export async function prepareStandIn(
  { store, run, signal }: Pick<RunContext, 'store' | 'run' | 'signal'>,
  compute: Compute,
  dataset: DatasetRecord,
  champion: ModelVersionRecord,
  found: Break,
): Promise<Registration | undefined> {
  const { horizon, model } = champion;
  await store.runs.pinVersion(run.id, dataset.id, dataset.currentVersion);
  const { panel } = await readPanel(store, dataset, { version: dataset.currentVersion, signal });
  const { kind, config } = baselineOf(panel, found.baseline);
  try {
    const task: TrainTask = { task: 'train', panel, kind, horizon, holdout: horizon, config, seed: SEED };
    const outcome = await compute.run<TrainTask>(task, { signal });
    await store.runs.saveSeriesScores(run.id, TRAINED, outcome.series);
    await store.runs.saveSeriesScores(run.id, REFERENCE, outcome.naiveSeries);
    const { checkpoint, score, baselines, baseline, wqlRatio, dependence } = outcome;
    return {
      model,
      datasetId: dataset.id,
      runId: run.id,
      kind,
      horizon,
      config: outcome.config,
      checkpoint,
      score,
      baselines,
      baseline,
      wqlRatio,
      dependence,
      promoteIfFirst: false,
      standsIn: { for: champion.no, since: found.since, baseline: found.baseline, holdout: horizon },
      succeeds: { no: champion.no, reason: `stands in for version ${champion.no}: ${inWords(found)}` },
    };
  } catch (error) {
    if (isAlmanacError(error) && error.code === 'SERIES_TOO_SHORT') return undefined;
    throw error;
  }
}

/** The alert of a break, and what was done about it. @returns the version that forecasts now, null where the champion stays */
export async function fallBack(
  within: Store,
  { objects }: Pick<RunContext, 'objects'>,
  { found, standIn, wanted }: { found: Break; standIn: Registration | undefined; wanted: boolean },
  alerts: Alert[],
): Promise<number | null> {
  const tell = (what: string): void => void alerts.push({ code: 'BREAK', message: `${inWords(found)}. ${what}`, since: found.since });
  const { champion } = standIn ? await within.models.get(standIn.model) : { champion: null };
  if (!standIn || champion !== found.version) {
    tell(
      wanted
        ? `Version ${found.version} goes on forecasting: nothing could stand in for it.`
        : `Version ${found.version} goes on forecasting, as \`fallBack\` is off.`,
    );
    return null;
  }
  const { no } = await registerVersion({ store: within, objects }, standIn);
  tell(`Version ${no} (${found.baseline}) forecasts in its place until a challenger passes the gate.`);
  return no;
}

const show = (value: number): string => value.toPrecision(3);

const inWords = ({ version, baseline, wql, baselineWql }: Break): string =>
  `the last forecasts of version ${version} were ${(wql / baselineWql).toPrecision(2)} times as far off as those of ${baseline} (WQL ${show(wql)} to ${show(baselineWql)})`;
