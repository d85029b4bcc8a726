/** Promotion behind the gate: who is beaten, what becomes of the aliases, and why, in words that stay in their history. */
import type { GateVerdict } from '@almanac/contracts';
import { plans } from '@almanac/forecasting/plan';
import type { DatasetVersionRecord, ModelVersionRecord, Store } from '@almanac/store';
import type { TrainOutcome, TrainTask } from '../../compute/index.js';
import { learnedUntil, loadCheckpoint } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import { lastWhole, partialSteps } from '../../runs/wholeSteps.js';
import type { TrainPlan } from '../plan.js';

/** The version to beat; undefined where there is none, or none is asked for. */
export async function championOf(
  { store, objects }: Pick<RunContext, 'store' | 'objects'>,
  plan: TrainPlan,
  version: DatasetVersionRecord,
): Promise<TrainTask['champion']> {
  if (!plan.gate) return undefined;
  const model = await store.models.find(plan.model);
  if (!model || model.champion === null) return undefined;
  const champion = await store.models.version(plan.model, { no: model.champion });
  // Who has learned the held-out steps cannot be beaten on them fairly; a baseline learns nothing.
  const learned = plans.of(champion.kind).trainable ? ((await learnedUntil(store, champion, version.datasetId)) ?? Infinity) : -Infinity;
  const last = lastWhole(version.lastStep, await partialSteps(store, version.datasetId, version.no));
  if (champion.horizon < plan.horizon || learned > (last ?? 0) - plan.holdout) return undefined;
  return { version: champion.no, checkpoint: await loadCheckpoint(objects, champion) };
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
  if (!gate || !champion) {
    const reason = `${await whyNot(store, plan, model.champion)}; nothing could be compared`;
    await store.models.setAlias(plan.model, 'challenger', version.no, reason);
    return { windows: 0, level: 0, tests: [], promoted: false, reason };
  }
  const better = gate.tests.every((test) => test.better);
  const moved = model.champion !== champion.version;
  const reason = [
    ...gate.tests.map(
      ({ against, pValue, challengerWql, otherWql, better: beats }) =>
        `${beats ? 'beats' : 'does not beat'} ${against} (WQL ${challengerWql.toPrecision(3)} to ${otherWql.toPrecision(3)}, p = ${pValue.toPrecision(2)})`,
    ),
    ...(better && moved ? [`version ${champion.version} is champion no more`] : []),
  ].join(', ');
  await store.models.setAlias(plan.model, 'challenger', version.no, reason);
  const promoted = better && !moved;
  if (promoted) await store.models.setAlias(plan.model, 'champion', version.no, reason, champion.version);
  return { ...gate, promoted, reason };
}

async function whyNot(store: Store, { model, horizon }: TrainPlan, champion: number | null): Promise<string> {
  if (champion === null) return 'there is no champion';
  const { horizon: own } = await store.models.version(model, { no: champion });
  return own < horizon
    ? `the champion, version ${champion}, forecasts ${own} steps only`
    : `the champion, version ${champion}, has learned the held-out steps`;
}
