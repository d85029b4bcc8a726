/**
 * What is kept only to be used again (secrets of webhooks, stored answers) lies in the database sealed by AES-256-GCM.
 * Invariants: the key is never in the database; what was sealed for one purpose opens for no other; a text that was changed,
 * or sealed with a key that is not here, is an error with its name and never another text.
 *
 * A sealed text is `sealed1.<key id>.<iv>.<tag and text>` in base64url. The key comes from ALMANAC_SECRET_KEY, or from the
 * file `secret.key` in the data folder, which the first start makes, for its owner alone to read; a line each, the first seals.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlmanacError } from '@almanac/series';
import type { Config } from './config.js';

export interface Cipher {
  /** @param about what it is, e.g. `webhook:<id>`: bound to the text, so that it opens nowhere else */
  seal(text: string, about: string): string;
  /** Gives back as it is what was never sealed. @throws AlmanacError SECRET_KEY_UNKNOWN, SECRET_DAMAGED */
  open(sealed: string, about: string): string;
  isSealed(text: string): boolean;
}

const PREFIX = 'sealed1';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FILE = 'secret.key';

type Where = Pick<Config, 'home' | 'secretKeys'>;

/** Of the file of the data folder. */
export const secretKeyFile = ({ home }: Pick<Config, 'home'>): string => join(home, FILE);

/** @throws AlmanacError CONFIG_INVALID, SECRET_KEY_UNREADABLE */
export function openCipher(config: Where): Cipher {
  return cipherOf(config.secretKeys.length > 0 ? config.secretKeys : keysInFile(secretKeyFile(config), config.home));
}

/** The keys that are here, the one that seals first; none where none was made yet. @throws AlmanacError SECRET_KEY_UNREADABLE */
export function presentKeys(config: Where): readonly string[] {
  if (config.secretKeys.length > 0) return config.secretKeys;
  return existsSync(secretKeyFile(config)) ? keysInFile(secretKeyFile(config), config.home) : [];
}

/** By which a sealed text says what opens it. */
export const keyId = (key: string): string => createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex').slice(0, 8);

/** @param keys 32 bytes each, in base64; the first seals, all open */
export function cipherOf(keys: readonly string[]): Cipher {
  const known = keys.map((text) => {
    return { key: Buffer.from(text, 'base64'), id: keyId(text) };
  });
  const first = known[0]!;
  const isSealed = (text: string): boolean => text.startsWith(`${PREFIX}.`);
  return {
    isSealed,
    seal(text, about) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first.key, iv).setAAD(Buffer.from(about));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return [PREFIX, first.id, iv.toString('base64url'), Buffer.concat([cipher.getAuthTag(), body]).toString('base64url')].join('.');
    },
    open(sealed, about) {
      if (!isSealed(sealed)) return sealed;
      const [, id, iv = '', rest = ''] = sealed.split('.');
      const found = known.find((one) => one.id === id);
      if (!found) throw unknownKey(about, id ?? '');
      const bytes = Buffer.from(rest, 'base64url');
      try {
        const decipher = createDecipheriv('aes-256-gcm', found.key, Buffer.from(iv, 'base64url'), { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(0, TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(TAG_BYTES)), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new AlmanacError('SECRET_DAMAGED', `What is kept sealed as ${about} was changed, or belongs elsewhere.`, {
          hint: 'Make it anew: for a webhook, rotate its secret.',
          subject: { secret: about },
          status: 500,
          cause,
        });
      }
    },
  };
}

/** Of several programs that start at once one makes it, whole, and all read the same. */
function keysInFile(path: string, home: string): string[] {
  try {
    mkdirSync(home, { recursive: true });
    const own = `${path}.${process.pid}`;
    writeFileSync(own, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600 });
    try {
      linkSync(own, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(own, { force: true });
    }
    if ((statSync(path).mode & 0o077) !== 0 && process.platform !== 'win32') chmodSync(path, 0o600);
    const keys = readFileSync(path, 'utf8').trim().split(/\s+/);
    if (keys.every((key) => Buffer.from(key, 'base64').length === KEY_BYTES)) return keys;
    throw new Error(`it does not hold ${KEY_BYTES} bytes in base64`);
  } catch (cause) {
    throw new AlmanacError('SECRET_KEY_UNREADABLE', `The key in ${path} cannot be used: ${(cause as Error).message}.`, {
      hint: 'Put the file back from a backup, or set ALMANAC_SECRET_KEY. With another key, what was sealed with it stays closed.',
      subject: { file: path },
      status: 500,
      cause,
    });
  }
}

function unknownKey(about: string, id: string): AlmanacError {
  return new AlmanacError('SECRET_KEY_UNKNOWN', `What is kept sealed as ${about} was sealed with the key ${id}, which is not here.`, {
    hint: 'Add that key to ALMANAC_SECRET_KEY behind the present one, with a comma between, or make the secret anew.',
    subject: { secret: about, key: id },
    status: 500,
  });
}
