import { type Endpoint, endpoints } from '@almanac/contracts';
import { isAlmanacError } from '@almanac/series';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fault } from './faults.js';
import { parsePart } from './route.js';

const UNKNOWN = 'nobodysName';

/** A value that holds one unknown name, and nothing else that could be right, for every object that a schema is made of. */
interface Slip {
  at: string;
  value: unknown;
}

function slips(schema: z.core.$ZodType, at: string): Slip[] {
  if (schema instanceof z.ZodObject) {
    const here = schema.def.catchall === undefined ? [{ at, value: { [UNKNOWN]: 1 } }] : [];
    const below = Object.entries(schema.shape).flatMap(([key, one]) =>
      slips(one, `${at}.${key}`).map((slip) => ({ at: slip.at, value: { [key]: slip.value } })),
    );
    return [...here, ...below];
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return slips(schema.def.innerType, at);
  if (schema instanceof z.ZodArray) return slips(schema.def.element, `${at}.0`).map((slip) => ({ at: slip.at, value: [slip.value] }));
  if (schema instanceof z.ZodRecord)
    return slips(schema.def.valueType, `${at}.k`).map((slip) => ({ at: slip.at, value: { k: slip.value } }));
  if (schema instanceof z.ZodPipe) return slips(schema.def.out, at);
  if (schema instanceof z.ZodDiscriminatedUnion)
    return (schema.def.options as readonly z.ZodObject[]).flatMap((option) => {
      const name = schema.def.discriminator;
      const tag = (option.shape[name] as z.ZodLiteral).value;
      return slips(option, at).map((slip) => ({ at: slip.at, value: { [name]: tag, ...(slip.value as object) } }));
    });
  return [];
}

const parts = Object.entries(endpoints as Record<string, Endpoint>).flatMap(([name, { params, query, body }]) =>
  Object.entries({ path: params, query, body }).flatMap(([part, schema]) => (schema ? [{ name, part, schema }] : [])),
);

function refusal(part: string, schema: z.ZodType, value: unknown): { code: string; hint?: string; issues: Fault[] } | undefined {
  try {
    parsePart(part, schema, value);
  } catch (error) {
    if (!isAlmanacError(error)) throw error;
    const { code, hint, subject } = error;
    return { code, ...(hint === undefined ? {} : { hint }), issues: subject?.['issues'] as Fault[] };
  }
  return undefined;
}

describe('a name that no schema has', () => {
  const all = parts.flatMap(({ name, part, schema }) =>
    slips(schema, part).map((slip) => [`${name}: ${slip.at}`, part, schema, slip] as const),
  );

  it('is looked for in every part of every request, however deep', () => {
    expect(all.map(([title]) => title)).toEqual(
      expect.arrayContaining([
        'train: body',
        'train: body.forecast',
        'backtest: body.models.0',
        'createSchedule: body.action.request.forecast',
        'predict: body.series.0',
        'whatIf: body.changes.0',
        'listRuns: query',
      ]),
    );
    // Rows of observations name the covariates of their dataset, which its schema cannot know.
    const lenient = parts.filter(({ schema }) => slips(schema, '').length === 0).map(({ name, part }) => `${name}: ${part}`);
    expect(lenient).toEqual(['finishOidc: query', 'appendObservations: body']);
  });

  it.each(all)('is refused and named at %s', (_, part, schema, { at, value }) => {
    const refused = refusal(part, schema, value);
    expect(refused?.code).toBe('REQUEST_INVALID');
    expect(refused?.issues).toContainEqual({ at, problem: `Unrecognized key: "${UNKNOWN}"` });
  });

  it('is any name, and the one that was meant is suggested where it is near', () => {
    const bodies = parts.filter(({ schema, part }) => part === 'body' && schema instanceof z.ZodObject);
    fc.assert(
      fc.property(fc.constantFrom(...bodies), fc.string({ minLength: 1, maxLength: 30 }), ({ schema }, name) => {
        fc.pre(!Object.hasOwn((schema as z.ZodObject).shape, name) && name !== '__proto__');
        const refused = refusal('body', schema, { [name]: 1 });
        expect(refused?.issues).toContainEqual(
          expect.objectContaining({ at: 'body', problem: `Unrecognized key: ${JSON.stringify(name)}` }),
        );
      }),
      { seed: 11 },
    );
    const { train } = endpoints;
    expect(refusal('body', train.body, { dataset: 'flights', horizn: 24 })).toEqual({
      code: 'REQUEST_INVALID',
      hint: 'Did you mean "horizon"?',
      issues: [{ at: 'body', problem: 'Unrecognized key: "horizn"', nearest: 'horizon' }],
    });
    expect(refusal('body', train.body, { dataset: 'flights', start: '2024-01-01' })).toMatchObject({
      hint: expect.stringContaining('openapi') as string,
    });
  });
});
