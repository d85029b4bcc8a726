/**
 * Requests made from the OpenAPI document: of what it describes, of what nobody should send, and of both in one.
 * Each is plain data, so that one that fails can be shown and sent again.
 */
import fc from 'fast-check';

export interface Operation {
  method: string;
  path: string;
  operationId: string;
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  example?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  format?: string;
  pattern?: string;
}

export interface Document {
  paths: Record<string, Record<string, Omit<Operation, 'method' | 'path'>>>;
  components: { schemas: Record<string, Schema> };
}

export interface MadeRequest {
  method: string;
  url: string;
  headers: { 'content-type'?: string };
  payload?: string;
}

export const operationsOf = (document: Document): Operation[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );

/** What no schema asks for: bytes that databases refuse, numbers beyond every column, names that objects have by birth. */
const HOSTILE: readonly unknown[] = [
  ...[
    '\0',
    'a\0b',
    '\ud800',
    '__proto__',
    'constructor',
    'toString',
    '',
    ' ',
    '..',
    '.',
    '%',
    '\u{1f600}',
    '\r\n',
    "'; --",
    'x'.repeat(3000),
  ],
  ...[0, -1, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 63, 1e21, 1e308, -0],
  ...[null, true, [], {}, [[]], [null], { '\0': 1 }, { ['__proto__x']: { a: 1 } }],
  ...[
    'NaN',
    'Infinity',
    '1e999',
    '0x10',
    '99999999999',
    '2147483648',
    '-1',
    '9999-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    '+275760-09-13',
  ],
];
const hostile = fc.constantFrom(...HOSTILE);

/** @param known names and ids that are there, so that requests get beyond "not found" */
export function requestOf(operation: Operation, document: Document, known: readonly string[]): fc.Arbitrary<MadeRequest> {
  const name = fc.constantFrom(...known);
  const schemaOf = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : schemaOf(document.components.schemas[schema.$ref.split('/').at(-1)!]!);

  function valueOf(given: Schema, depth: number): fc.Arbitrary<unknown> {
    const schema = schemaOf(given);
    const right = rightOf(schema, depth);
    return fc.oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: hostile }, { weight: 1, arbitrary: name });
  }

  function rightOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum) return fc.constantFrom(...schema.enum);
    const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    if (choices) return fc.oneof(...choices.map((one) => valueOf(one, depth)));
    switch ([schema.type].flat()[0]) {
      case 'boolean':
        return fc.boolean();
      case 'integer':
        return fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 2 ** 53 }));
      case 'number':
        return fc.oneof(fc.double({ noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
      case 'null':
        return fc.constant(null);
      case 'array':
        return depth > 3 ? fc.constant([]) : fc.array(valueOf(schema.items ?? {}, depth + 1), { maxLength: 4 });
      case 'object':
        return objectOf(schema, depth);
      case 'string':
        return textOf(schema);
      default:
        return hostile;
    }
  }

  function objectOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    if (depth > 4) return fc.constant({});
    const properties = Object.entries(schema.properties ?? {});
    const required = new Set(schema.required);
    const fields = fc.record(Object.fromEntries(properties.map(([key, one]) => [key, valueOf(one, depth + 1)])), {
      requiredKeys: [...required].filter((key) => key in (schema.properties ?? {})),
    });
    const rest =
      typeof schema.additionalProperties === 'object'
        ? fc.dictionary(fc.oneof(name, fc.string({ maxLength: 5 })), valueOf(schema.additionalProperties, depth + 1), { maxKeys: 3 })
        : fc.oneof(
            { weight: 12, arbitrary: fc.constant({}) },
            { weight: 1, arbitrary: fc.dictionary(fc.string(), hostile, { maxKeys: 1 }) },
          );
    return fc.tuple(fields, rest).map(([a, b]) => ({ ...b, ...a }));
  }

  function textOf(schema: Schema): fc.Arbitrary<string> {
    const plain = fc.oneof(name, fc.string({ unit: 'binary', maxLength: 12 }));
    if (schema.format === 'uuid') return fc.oneof({ weight: 3, arbitrary: name }, { weight: 2, arbitrary: fc.uuid() });
    if (schema.format === 'date-time')
      return fc
        .date({ noInvalidDate: true, min: new Date(Date.UTC(0, 0)), max: new Date(Date.UTC(9999, 0)) })
        .map((at) => at.toISOString());
    if (typeof schema.example === 'string') return fc.oneof(fc.constant(schema.example), plain);
    return plain;
  }

  const parameters = operation.parameters ?? [];
  const inPath = parameters.filter((one) => one.in === 'path');
  const inQuery = parameters.filter((one) => one.in === 'query');
  const path = fc.record(Object.fromEntries(inPath.map(({ name: key, schema }) => [key, valueOf(schema, 0)])));
  const query = fc.tuple(
    ...inQuery.map(({ name: key, schema }) =>
      fc.option(valueOf(schema, 0), { freq: 2, nil: undefined }).map((value) => [key, value] as const),
    ),
  );
  const strange = fc.option(fc.tuple(fc.constantFrom('limit', 'after', '__proto__', 'constructor', '\0', 'a[b]'), hostile), {
    freq: 8,
    nil: undefined,
  });
  const schema = operation.requestBody?.content['application/json']?.schema;
  const body = schema ? fc.oneof({ weight: 15, arbitrary: valueOf(schema, 0) }, { weight: 1, arbitrary: hostile }) : fc.constant(undefined);

  return fc.tuple(path, query, strange, body).map(([inPlace, asked, more, sent]): MadeRequest => {
    const search = new URLSearchParams();
    for (const [key, value] of [...asked, ...(more ? [more] : [])]) if (value !== undefined) search.append(key, String(value));
    const filled = operation.path.replace(
      /\{(\w+)\}/g,
      (_, key: string) => encodeURIComponent(wellFormed((inPlace as Record<string, unknown>)[key])) || '%20',
    );
    return {
      method: operation.method,
      url: search.size > 0 ? `${filled}?${search}` : filled,
      headers: { ...(sent === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(sent === undefined ? {} : { payload: JSON.stringify(sent) }),
    };
  });
}

const wellFormed = (value: unknown): string => String(typeof value === 'object' ? JSON.stringify(value) : value).toWellFormed();
