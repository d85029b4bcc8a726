/** Lists are counted before what is in them is looked at: zod would first look at every entry of a list that is too long. */
import { AlmanacError } from '@almanac/series';
import { z } from 'zod';

/** Settings, tags and covariates by name. */
const MOST_KEYS = 10_000;

/** @throws AlmanacError LIST_TOO_LONG, naming the list by its place in the request */
export function refuseLong(schema: z.ZodType, value: unknown, at: string): void {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    refuseLong(schema.unwrap() as z.ZodType, value, at);
  else if (schema instanceof z.ZodArray && Array.isArray(value)) {
    const most = mostOf(schema);
    if (most !== undefined && value.length > most)
      throw new AlmanacError('LIST_TOO_LONG', `${at} has ${value.length} entries; ${most} are the most.`, {
        hint: 'Send it in several requests.',
        subject: { at, entries: value.length, most },
        status: 413,
      });
    if (hasList(schema.element as z.ZodType)) value.forEach((one, i) => refuseLong(schema.element as z.ZodType, one, `${at}.${i}`));
  } else if (schema instanceof z.ZodRecord && typeof value === 'object' && value !== null) {
    const entries = Object.keys(value).length;
    if (entries > MOST_KEYS)
      throw new AlmanacError('LIST_TOO_LONG', `${at} has ${entries} entries; ${MOST_KEYS} are the most.`, {
        hint: 'Leave out those that are not needed.',
        subject: { at, entries, most: MOST_KEYS },
        status: 413,
      });
  } else if (schema instanceof z.ZodObject && typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(schema.shape as Record<string, z.ZodType>))
      refuseLong(one, (value as Record<string, unknown>)[key], `${at}.${key}`);
  }
}

/** The list's `max`. */
function mostOf(schema: z.ZodArray): number | undefined {
  const checks = (schema.def.checks ?? []).map(({ _zod }) => _zod.def as z.core.$ZodCheckMaxLengthDef);
  return checks.find(({ check }) => check === 'max_length')?.maximum;
}

const known = new WeakMap<z.ZodType, boolean>();
function hasList(schema: z.ZodType): boolean {
  const cached = known.get(schema);
  if (cached !== undefined) return cached;
  const has =
    schema instanceof z.ZodArray ||
    (schema instanceof z.ZodObject && Object.values(schema.shape as Record<string, z.ZodType>).some(hasList)) ||
    ((schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) &&
      hasList(schema.unwrap() as z.ZodType));
  known.set(schema, has);
  return has;
}
