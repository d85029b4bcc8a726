/** Certificate and key from files, read anew when they change: whoever renews them does not stop the program. */
import type { Logger, TlsFiles } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, type Server } from 'node:tls';

/** A look at the clock of a file, not a subscription: mounted secrets are swapped by links, of which no event comes. */
const LOOKED_AT_EVERY_MS = 5_000;

/** @throws AlmanacError TLS_UNUSABLE */
export function readTls({ certFile, keyFile }: TlsFiles): { cert: Buffer; key: Buffer } {
  try {
    const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    createSecureContext(pair);
    return pair;
  } catch (cause) {
    throw new AlmanacError(
      'TLS_UNUSABLE',
      `The certificate ${certFile} with the key ${keyFile} cannot be used: ${(cause as Error).message}`,
      {
        hint: 'Both are PEM files that belong together, and the program may read them: ALMANAC_TLS_CERT, ALMANAC_TLS_KEY.',
        status: 500,
        cause,
      },
    );
  }
}

/** One that cannot be used is logged, and the one before serves on. Returns the way to stop. */
export function renewTls(
  server: Pick<Server, 'setSecureContext'>,
  files: TlsFiles,
  logger: Logger,
  everyMs = LOOKED_AT_EVERY_MS,
): () => void {
  const renew = (): void => {
    try {
      server.setSecureContext(readTls(files));
      logger.info({ certificate: files.certFile }, 'the certificate was read anew');
    } catch (error) {
      logger.warn({ error: (error as Error).message }, 'the certificate before serves on');
    }
  };
  const both = [files.certFile, files.keyFile];
  for (const file of both) watchFile(file, { interval: everyMs, persistent: false }, renew);
  return () => both.forEach((file) => unwatchFile(file, renew));
}
