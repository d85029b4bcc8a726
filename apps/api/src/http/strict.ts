/**
 * The schemas of requests as the API reads them: no object takes a name that its schema does not have, however deep it lies.
 * The contracts themselves stay lenient, since plans and schedules that an older version stored are read by them, too.
 *
 * Invariant: what a schema is made of is known here; of any other make the first request fails, so that nothing stays lenient unseen.
 */
import { z } from 'zod';

const known = new WeakMap<z.core.$ZodType, z.core.$ZodType>();

/** The same schema, refusing unknown names; records, and objects that take further names, take them still. */
export function strict<T>(schema: z.ZodType<T>): z.ZodType<T> {
  return strictly(schema) as z.ZodType<T>;
}

function strictly(schema: z.core.$ZodType): z.core.$ZodType {
  let made = known.get(schema);
  if (made === undefined) known.set(schema, (made = make(schema)));
  return made;
}

function make(schema: z.core.$ZodType): z.core.$ZodType {
  const as = (changes: object): z.core.$ZodType => (schema as z.ZodType).clone({ ...(schema as z.ZodType).def, ...changes });
  if (schema instanceof z.ZodObject) {
    const shape = Object.fromEntries(Object.entries(schema.shape).map(([key, one]) => [key, strictly(one)]));
    return as({ shape, catchall: schema.def.catchall ? strictly(schema.def.catchall) : z.never() });
  }
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodReadonly
  )
    return as({ innerType: strictly(schema.def.innerType) });
  if (schema instanceof z.ZodArray) return as({ element: strictly(schema.def.element) });
  if (schema instanceof z.ZodRecord) return as({ valueType: strictly(schema.def.valueType) });
  // One distinguished by a field is a union, too.
  if (schema instanceof z.ZodUnion) return as({ options: schema.def.options.map(strictly) });
  if (schema instanceof z.ZodPipe) return as({ in: strictly(schema.def.in), out: strictly(schema.def.out) });
  if (LEAVES.some((leaf) => schema instanceof leaf)) return schema;
  throw new Error(`A schema of the kind "${schema._zod.def.type}" in a request: say in http/strict.ts how it is made strict.`);
}

const LEAVES = [
  z.ZodString,
  z.ZodStringFormat,
  z.ZodNumber,
  z.ZodBoolean,
  z.ZodEnum,
  z.ZodLiteral,
  z.ZodNull,
  z.ZodNever,
  z.ZodUnknown,
  z.ZodTransform,
] as const;
