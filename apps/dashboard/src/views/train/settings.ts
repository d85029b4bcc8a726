/**
 * The settings of a kind of model as its JSON Schema has them, as fields of a form and back. What is left empty is the server's
 * to choose.
 */
export interface Schema {
  type?: string;
  enum?: string[];
  description?: string;
  minimum?: number;
  properties?: Record<string, Schema>;
}

/** What was written, by the path of the setting. */
export type Written = Record<string, string>;

export interface Setting {
  /** `train.steps` */
  path: string;
  schema: Schema;
}

/** Settings that the form has fields of their own for, or that are those of the dataset. */
const ELSEWHERE = new Set(['horizon', 'contextLength', 'frequency', 'seasonLengths', 'train.steps', 'seed']);

/** Every setting of a schema, those of its groups by their path. */
export function settingsOf({ properties = {} }: Schema, before = ''): Setting[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = before + name;
    if (ELSEWHERE.has(path)) return [];
    return schema.properties && before === '' ? settingsOf(schema, `${path}.`) : [{ path, schema }];
  });
}

/** The `config` of a request. Lists and groups are written as JSON; what cannot be read stays as it is, and the server names it. */
export function configOf(written: Written, settings: readonly Setting[]): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const { path, schema } of settings) {
    const text = written[path]?.trim();
    if (!text) continue;
    const [name = '', inner] = path.split('.');
    if (inner === undefined) config[name] = valueOf(text, schema);
    else config[name] = { ...(config[name] as object | undefined), [inner]: valueOf(text, schema) };
  }
  return config;
}

function valueOf(text: string, { type, enum: choices }: Schema): unknown {
  if (choices || type === 'string') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
