/** What the head of a backup says, and what its streams are called. A later version reads every format before it. */
import { AlmanacError } from '@almanac/series';
import { z } from 'zod';

export const BACKUP_FORMAT = 'almanac-backup-1';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const head = z.object({
  format: z.literal(BACKUP_FORMAT),
  /** Of the moment that it holds. */
  madeAt: z.iso.datetime(),
  codeVersion: z.string(),
  /** Version of the server, for whoever reads this. */
  postgres: z.string(),
  migrations: z.array(z.object({ name: z.string(), sha256 })),
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()) })),
  sequences: z.record(z.string(), z.string()),
  objects: z.array(sha256),
  /** Ids of the keys that secrets of the database are sealed with. */
  sealedWith: z.array(z.string()),
  /** Their logins belong to the server, and are to be made again. */
  sqlUsers: z.array(z.string()),
  /** Null where the backup was made without a passphrase. */
  keys: z
    .object({
      ids: z.array(z.string()),
      scrypt: z.object({ logN: z.number().int(), r: z.number().int(), p: z.number().int() }),
      salt: z.string(),
      iv: z.string(),
      sealed: z.string(),
    })
    .nullable(),
});

export type Backup = z.infer<typeof head>;

/** @throws AlmanacError BACKUP_FORMAT_UNKNOWN */
export function readHead(json: unknown): Backup {
  const parsed = head.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new AlmanacError(
    'BACKUP_FORMAT_UNKNOWN',
    `This version of Almanac does not know the format of the backup (${path.join('.')}: ${message}).`,
    {
      hint: 'Restore it with the version that made it, or a later one.',
    },
  );
}

export const tablePath = (name: string): string => `tables/${name}`;
export const objectPath = (hash: string): string => `objects/${hash}`;
