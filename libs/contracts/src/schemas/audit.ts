/** The audit log: who did what to what. */
import { z } from 'zod';
import { instant, pageOf, pageQuery, time } from './common.js';

export const actorKind = z.enum(['key', 'user', 'run', 'schedule', 'operator', 'system', 'database']).meta({
  description:
    'An API key, a person, a run, a schedule, somebody at the machine itself, the program of its own accord, or somebody with SQL.',
});
export type ActorKind = z.infer<typeof actorKind>;

const named = { id: z.string().nullable(), name: z.string().nullable().meta({ description: 'As it was called then.' }) };
const image = z.record(z.string(), z.unknown()).nullable();

export const auditEntry = z
  .object({
    no: z.number().int().meta({ description: 'Counts from 1 in each workspace, without a gap.' }),
    at: instant,
    actor: z.object({ kind: actorKind, ...named }),
    action: z.string().meta({ description: 'Name of the endpoint, of the command or of the kind of run.', example: 'setModelAlias' }),
    object: z.object({ kind: z.string().meta({ example: 'alias' }), ...named }),
    before: image.meta({ description: 'Of a change only what changed; null where the object was made.' }),
    after: image.meta({ description: 'Null where it was deleted.' }),
    address: z.string().nullable().meta({ description: 'Where the request came from.' }),
    requestId: z.string().nullable(),
    hash: z.string().meta({ description: 'sha256 in hex, of this entry and the hash of the one before.' }),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntry>;
export const auditPage = pageOf(auditEntry);

export const auditFilter = z.object({
  actor: z.string().optional().meta({ description: 'Id or name of who acted.' }),
  action: z.string().optional(),
  objectKind: z.string().optional().meta({ example: 'webhook' }),
  object: z.string().optional().meta({ description: 'Id or name of what it was done to.' }),
  from: time.optional().meta({ description: 'From this instant on; without an offset it is one of UTC.' }),
  to: time.optional().meta({ description: 'Before this instant.' }),
});
export type AuditFilter = z.infer<typeof auditFilter>;
export const auditQuery = auditFilter.extend(pageQuery.shape);

export const auditVerdictQuery = z.object({
  noted: z
    .string()
    .regex(/^\d{1,15}:[0-9a-f]{64}$/, 'must be NUMBER:HASH, as a verdict gave it')
    .optional()
    .meta({ description: 'Number and hash of an entry that was the last one once: whether it still is as it was.' }),
});
export const auditVerdict = z
  .object({
    intact: z.boolean(),
    firstBroken: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'Number of the first entry that is not as it was written, or is not there.' }),
    entries: z.number().int(),
    head: z.string().nullable().meta({ description: 'NUMBER:HASH of the last entry. Note it elsewhere, and ask for it as `noted` later.' }),
  })
  .meta({ id: 'AuditVerdict' });
export type AuditVerdict = z.infer<typeof auditVerdict>;
