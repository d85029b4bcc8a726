/**
 * What a part hands to the run that joins it, where that is too much for a row: an object in storage, named in the part's
 * result. It carries the part's id, so that no other run can have an object of the same content and lose it with this one.
 */
import { deserialize, serialize } from 'node:v8';
import type { Json, RunRecord } from '@almanac/store';
import type { FlowContext } from '../context.js';
import type { RunContext } from './context.js';

/** @returns the result of the part */
export async function putAside({ objects, run }: RunContext, value: unknown): Promise<Json> {
  const { sha256 } = await objects.put(serialize({ part: run.id, value }));
  return { aside: sha256 };
}

export async function fetchAside<T>({ objects }: Pick<FlowContext, 'objects'>, part: RunRecord): Promise<T> {
  return (deserialize(await objects.readAll((part.result as { aside: string }).aside)) as { value: T }).value;
}

/** Once they are joined, or nobody will join them. */
export async function forgetAsides({ objects }: Pick<FlowContext, 'objects'>, parts: readonly RunRecord[]): Promise<void> {
  for (const { result } of parts) if (typeof result?.['aside'] === 'string') await objects.delete(result['aside']);
}
