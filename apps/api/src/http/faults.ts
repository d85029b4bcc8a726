/**
 * What is wrong with a value, up to so many faults: zod itself lists every one, and a body of a million bad rows would
 * make a million of them. Lists and objects are gone through by hand; what lies in them is zod's.
 */
import { nearest } from '@almanac/series';
import { z } from 'zod';

export interface Fault {
  at: string;
  problem: string;
  /** The name that was probably meant, where one is not known. */
  nearest?: string;
}

interface Search {
  readonly found: Fault[];
  readonly most: number;
}

/** Keys that nobody knows may be many, and long. */
const LONGEST_PROBLEM = 300;

/** Lets zod stop at the first fault: it reads this, as its own `validate` sets it, though the type of `safeParse` leaves it out. */
export const FIRST_FAULT = { abortEarly: true } as z.core.ParseContext<z.core.$ZodIssue>;

/** @param value one that the schema refuses; there is at least one fault */
export function faultsOf(schema: z.ZodType, value: unknown, at: string, most: number): Fault[] {
  const search: Search = { found: [], most };
  look(schema, value, at, search);
  return search.found;
}

function look(schema: z.ZodType, value: unknown, at: string, search: Search): void {
  if (search.found.length >= search.most) return;
  const refused = schema.safeParse(value, FIRST_FAULT);
  if (refused.success) return;
  const before = search.found.length;
  lookInside(schema, value, at, search);
  // Nothing inside is wrong, so it is the whole.
  if (search.found.length === before) add(refused.error.issues, at, search);
}

function lookInside(schema: z.ZodType, value: unknown, at: string, search: Search): void {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    lookInside(schema.unwrap() as z.ZodType, value, at, search);
  else if (schema instanceof z.ZodPipe && schema.in instanceof z.ZodTransform) {
    const made = schema.in.safeParse(value);
    if (made.success) lookInside(schema.out as z.ZodType, made.data, at, search);
  } else if (schema instanceof z.ZodDiscriminatedUnion && isPlain(value)) {
    const { discriminator } = schema.def;
    const meant = (schema.options as z.ZodObject[]).find((option) => option.shape[discriminator]!.safeParse(value[discriminator]).success);
    if (meant) lookInside(meant, value, at, search);
  } else if (schema instanceof z.ZodArray && Array.isArray(value)) {
    for (let i = 0; i < value.length && search.found.length < search.most; i += 1)
      look(schema.element as z.ZodType, value[i], `${at}.${i}`, search);
  } else if (schema instanceof z.ZodRecord && isPlain(value)) {
    for (const key of Object.keys(value)) {
      if (search.found.length >= search.most) return;
      look(schema.valueType as z.ZodType, value[key], `${at}.${key}`, search);
    }
  } else if (schema instanceof z.ZodObject && isPlain(value)) {
    const shape = schema.shape as Record<string, z.ZodType>;
    for (const [key, one] of Object.entries(shape)) look(one, value[key], `${at}.${key}`, search);
    const unknown = { ...value };
    for (const key of Object.keys(shape)) delete unknown[key];
    const rest = schema.def.catchall as z.ZodType | undefined;
    if (rest instanceof z.ZodNever) addUnknown(Object.keys(unknown), Object.keys(shape), at, search);
    else if (rest && !(rest instanceof z.ZodNever)) lookInside(z.record(z.string(), rest), unknown, at, search);
  }
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function add(issues: readonly { path: PropertyKey[]; message: string }[], at: string, { found, most }: Search): void {
  for (const { path, message } of issues.slice(0, most - found.length))
    found.push({ at: [at, ...path.map(String)].join('.'), problem: message.slice(0, LONGEST_PROBLEM) });
}

function addUnknown(unknown: readonly string[], names: readonly string[], at: string, { found, most }: Search): void {
  for (const name of unknown.slice(0, most - found.length)) {
    const near = nearest(name, names);
    const problem = `Unrecognized key: ${JSON.stringify(name.slice(0, LONGEST_PROBLEM))}`;
    found.push(near === undefined ? { at, problem } : { at, problem, nearest: near });
  }
}
