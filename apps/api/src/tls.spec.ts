import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { silentLogger } from '@almanac/platform';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readTls, renewTls } from './tls.js';

let folder: string;
let files: { certFile: string; keyFile: string };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'almanac-tls-'));
  files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function certify(name: string): Promise<void> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }]);
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
}

it('serves the certificate of the files, and a new one once they have changed', async () => {
  await certify('first.example');
  const server = createServer(readTls(files));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = renewTls(server, files, silentLogger, 50);
  const shown = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().subject['CN']);
        socket.destroy();
      }).once('error', reject);
    });
  try {
    expect(await shown()).toBe('first.example');
    // Half of a renewal is none: the one before serves on.
    writeFileSync(files.certFile, 'no certificate');
    await certify('second.example');
    await expect.poll(shown).toBe('second.example');
  } finally {
    stop();
    server.close();
  }
});

it('names files that cannot be used', async () => {
  expect(() => readTls(files)).toThrow(
    expect.objectContaining({ code: 'TLS_UNUSABLE', message: expect.stringContaining('tls.crt') }) as Error,
  );
  await certify('first.example');
  const { cert } = await generate([{ name: 'commonName', value: 'other.example' }]);
  writeFileSync(files.certFile, cert);
  expect(() => readTls(files)).toThrow(expect.objectContaining({ code: 'TLS_UNUSABLE' }) as Error);
});
