/**
 * Keys on their way in a backup: sealed by a passphrase through scrypt and AES-256-GCM, so that the file alone opens nothing.
 * The cost of scrypt is kept beside, for a later version may take another.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { AlmanacError } from '@almanac/series';

/** In base64, but for the cost. */
export interface WrappedKeys {
  /** log2 of the cost, and the other parameters of scrypt. */
  scrypt: { logN: number; r: number; p: number };
  salt: string;
  iv: string;
  /** Tag and text. */
  sealed: string;
}

/** 128 MB and about half a second, once a backup. */
const SCRYPT = { logN: 17, r: 8, p: 1 };
/** What a file may make us spend. */
const MOST_LOG_N = 20;
const TAG_BYTES = 16;
const LEAST_LENGTH = 12;
const ABOUT = Buffer.from('almanac backup keys');

/** @throws AlmanacError PASSPHRASE_TOO_SHORT */
export function wrapKeys(keys: readonly string[], passphrase: string): WrappedKeys {
  if (passphrase.length < LEAST_LENGTH)
    throw new AlmanacError('PASSPHRASE_TOO_SHORT', `The passphrase has fewer than ${LEAST_LENGTH} characters.`, {
      hint: 'Take a longer one, for example what `openssl rand -base64 24` prints, and keep it apart from the backup.',
    });
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', derive(passphrase, salt, SCRYPT), iv).setAAD(ABOUT);
  const text = Buffer.concat([cipher.update(keys.join('\n'), 'utf8'), cipher.final()]);
  const sealed = Buffer.concat([cipher.getAuthTag(), text]);
  return { scrypt: SCRYPT, salt: salt.toString('base64'), iv: iv.toString('base64'), sealed: sealed.toString('base64') };
}

/** @throws AlmanacError PASSPHRASE_WRONG */
export function unwrapKeys({ scrypt, salt, iv, sealed }: WrappedKeys, passphrase: string): string[] {
  try {
    const bytes = Buffer.from(sealed, 'base64');
    const key = derive(passphrase, Buffer.from(salt, 'base64'), scrypt);
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'), { authTagLength: TAG_BYTES });
    decipher.setAAD(ABOUT).setAuthTag(bytes.subarray(0, TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(TAG_BYTES)), decipher.final()])
      .toString('utf8')
      .split('\n');
  } catch (cause) {
    throw new AlmanacError('PASSPHRASE_WRONG', 'The passphrase does not open the keys of this backup.', {
      hint: 'Give the passphrase that the backup was made with. Without it: --without-keys, and make the secrets of webhooks anew.',
      status: 403,
      cause,
    });
  }
}

function derive(passphrase: string, salt: Buffer, { logN, r, p }: WrappedKeys['scrypt']): Buffer {
  if (logN > MOST_LOG_N) throw new RangeError('too costly');
  const N = 2 ** logN;
  return scryptSync(passphrase.normalize('NFKC'), salt, 32, { N, r, p, maxmem: 256 * N * r });
}
