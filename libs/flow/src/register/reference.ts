/** Model references: `flights`, `flights@challenger`, `flights/3`, each with or without `models:/`; the champion by default. */
import { AlmanacError } from '@almanac/series';
import type { AliasName, ModelVersionRecord } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';

export interface ModelReference {
  name: string;
  alias?: string;
  no?: number;
}

const PATTERN = /^(?:models:\/)?([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?:@([a-z]+)|\/(\d+))?$/;

/** @throws AlmanacError MODEL_REFERENCE_INVALID */
export function parseReference(text: string): ModelReference {
  const match = PATTERN.exec(text);
  if (!match)
    throw new AlmanacError('MODEL_REFERENCE_INVALID', `"${text}" names no model version.`, {
      hint: 'Write NAME, NAME@ALIAS or NAME/VERSION, e.g. flights@champion.',
      subject: { model: text },
    });
  const [, name, alias, no] = match;
  return { name: name!, ...(alias === undefined ? {} : { alias }), ...(no === undefined ? {} : { no: Number(no) }) };
}

/**
 * The version that a reference means at this moment.
 * @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, MODEL_REFERENCE_INVALID
 */
export async function resolveModel(context: Pick<FlowContext, 'store'>, reference: string): Promise<ModelVersionRecord> {
  const { name, alias, no } = parseReference(reference);
  await context.store.models.get(name);
  return context.store.models.version(name, { alias, no });
}

/**
 * A version of a model that is named already: its number, or the alias it bears.
 * @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND
 */
export async function namedVersion(
  { store }: Pick<FlowContext, 'store'>,
  model: string,
  version: number | AliasName,
): Promise<ModelVersionRecord> {
  await store.models.get(model);
  return store.models.version(model, typeof version === 'number' ? { no: version } : { alias: version });
}
