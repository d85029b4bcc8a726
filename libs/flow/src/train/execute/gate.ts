/** Promotion behind the gate: who is beaten, what becomes of the aliases, and why, in words that stay in their history. */
import type { GateVerdict } from '@almanac/contracts';
import type { DatasetVersionRecord, ModelVersionRecord } from '@almanac/store';
import type { TrainOutcome, TrainTask } from '../../compute/index.js';
import { learnedUntil, loadCheckpoint } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import type { TrainingPlan } from '../request.js';

/** The version to beat; undefined where there is none, or none is asked for. */
export async function championOf(
  { store, objects }: RunContext,
  plan: TrainingPlan,
  version: DatasetVersionRecord,
): Promise<TrainTask['champion']> {
  if (!plan.gate) return undefined;
  const { items } = await store.models.list({ limit: 1000 });
  const model = items.find(({ name }) => name === plan.model);
  if (!model || model.champion === null) return undefined;
  const champion = await store.models.version(plan.model, { no: model.champion });
  // Who has learned the held-out steps cannot be beaten on them fairly.
  if (champion.horizon < plan.horizon || ((await learnedUntil(store, champion, version.datasetId)) ?? Infinity) > (version.lastStep ?? 0) - plan.holdout)
    return undefined;
  return { version: champion.no, checkpoint: await loadCheckpoint(objects, champion) };
}

/** Makes the version challenger, and champion where it beat everybody. */
export async function passGate(
  { store }: RunContext,
  plan: TrainingPlan,
  version: ModelVersionRecord,
  gate: TrainOutcome['gate'],
): Promise<GateVerdict | undefined> {
  const model = await store.models.get(plan.model);
  if (!plan.gate || model.champion === version.no) return undefined;
  if (!gate) {
    const reason = 'the champion has learned the held-out steps; nothing could be compared';
    await store.models.setAlias(plan.model, 'challenger', version.no, reason);
    return { windows: 0, level: 0, tests: [], promoted: false, reason };
  }
  const promoted = gate.tests.every(({ better }) => better);
  const reason = gate.tests
    .map(
      ({ against, pValue, challengerWql, otherWql, better }) =>
        `${better ? 'beats' : 'does not beat'} ${against} (WQL ${challengerWql.toPrecision(3)} to ${otherWql.toPrecision(3)}, p = ${pValue.toPrecision(2)})`,
    )
    .join(', ');
  await store.models.setAlias(plan.model, 'challenger', version.no, reason);
  if (promoted) await store.models.setAlias(plan.model, 'champion', version.no, reason);
  return { ...gate, promoted, reason };
}
