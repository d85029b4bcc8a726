/** Promotion behind the gate: who is beaten, what becomes of the aliases, and why, in words that stay in their history. */
import type { GateVerdict } from '@almanac/contracts';
import type { DatasetVersionRecord, ModelVersionRecord, Store } from '@almanac/store';
import type { TrainOutcome, TrainTask } from '../../compute/index.js';
import { loadCheckpoint } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readRun } from '../../runs/kinds.js';
import { unlearnedBy } from '../champion.js';
import type { TrainPlan } from '../plan.js';

/**
 * The version to beat; undefined where there is none, or none is asked for. One that has learned the held-out steps cannot be beaten on
 * them fairly: then it is the recipe that it was trained by, without them.
 */
export async function championOf(
  { store, objects }: Pick<RunContext, 'store' | 'objects'>,
  plan: TrainPlan,
  version: DatasetVersionRecord,
): Promise<TrainTask['champion']> {
  if (!plan.gate) return undefined;
  const model = await store.models.find(plan.model);
  if (!model || model.champion === null) return undefined;
  const champion = await store.models.version(plan.model, { no: model.champion });
  if (champion.horizon < plan.horizon) return undefined;
  const unlearned = (await unlearnedBy(store, champion, version)) ?? Infinity;
  if (unlearned >= plan.holdout) return { version: champion.no, checkpoint: await loadCheckpoint(objects, champion) };
  const maker = await store.runs.get(champion.runId);
  if (maker.kind !== 'train') return undefined;
  const { kind, horizon, contextLength, steps, config, seed } = readRun('train', maker).config;
  return { version: champion.no, recipe: { kind, horizon, contextLength, steps, config, seed } };
}

/** Makes the version challenger, and champion where it beat everybody and nobody has moved the champion meanwhile. */
export async function passGate(
  store: Store,
  plan: TrainPlan,
  version: ModelVersionRecord,
  { champion, gate }: { champion: TrainTask['champion']; gate: TrainOutcome['gate'] },
): Promise<GateVerdict | undefined> {
  const model = await store.models.get(plan.model);
  if (!plan.gate || model.champion === version.no) return undefined;
  if (!gate || !champion || gate.windows === 0) {
    const reason = `${gate?.refused ?? (await whyNot(store, plan, model.champion))}; nothing could be compared`;
    await store.models.setAlias(plan.model, 'challenger', version.no, reason);
    return { windows: 0, level: 0, tests: [], promoted: false, reason };
  }
  const better = gate.tests.every((test) => test.better);
  const moved = model.champion !== champion.version;
  const { windows, level, tests } = gate;
  const reason = [
    ...gate.tests.map(
      ({ against, pValue, challengerWql, otherWql, better: beats }) =>
        `${beats ? 'beats' : 'does not beat'} ${against} (WQL ${challengerWql.toPrecision(3)} to ${otherWql.toPrecision(3)}, p = ${pValue.toPrecision(2)})`,
    ),
    ...('recipe' in champion ? [`version ${champion.version} has learned these steps and was trained again without them`] : []),
    ...(better && moved ? [`version ${champion.version} is champion no more`] : []),
  ].join(', ');
  await store.models.setAlias(plan.model, 'challenger', version.no, reason);
  const promoted = better && !moved;
  if (promoted) await store.models.setAlias(plan.model, 'champion', version.no, reason, champion.version);
  return { windows, level, tests, promoted, reason };
}

async function whyNot(store: Store, { model, horizon }: TrainPlan, champion: number | null): Promise<string> {
  if (champion === null) return 'there is no champion';
  const { horizon: own } = await store.models.version(model, { no: champion });
  return own < horizon
    ? `the champion, version ${champion}, forecasts ${own} steps only`
    : `the champion, version ${champion}, has learned the held-out steps, and was not trained here`;
}
