import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cipherOf, openCipher } from './cipher.js';
import { loadConfig } from './config.js';

const key = (): string => randomBytes(32).toString('base64');
const codeOf = (act: () => unknown): string => {
  try {
    return `no error: ${String(act())}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'almanac-cipher-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

it('opens what it sealed, for the same purpose only, and never the same twice', () => {
  const cipher = cipherOf([key()]);
  const sealed = cipher.seal('whsec_ä', 'webhook:1');
  expect(sealed).not.toContain('whsec');
  expect(cipher.open(sealed, 'webhook:1')).toBe('whsec_ä');
  expect(cipher.seal('whsec_ä', 'webhook:1')).not.toBe(sealed);
  expect(codeOf(() => cipher.open(sealed, 'webhook:2'))).toBe('SECRET_DAMAGED');
});

it('says of a changed text that it was changed, and of a foreign one whose key is missing', () => {
  const cipher = cipherOf([key()]);
  const sealed = cipher.seal('text', 'a');
  for (let at = sealed.lastIndexOf('.') + 1; at < sealed.length - 1; at += 3) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
    expect(codeOf(() => cipher.open(changed, 'a'))).toBe('SECRET_DAMAGED');
  }
  expect(codeOf(() => cipher.open(sealed.slice(0, sealed.lastIndexOf('.') + 10), 'a'))).toBe('SECRET_DAMAGED');
  expect(codeOf(() => cipherOf([key()]).open(sealed, 'a'))).toBe('SECRET_KEY_UNKNOWN');
});

it('takes a new key while the old one still opens', () => {
  const [before, after] = [key(), key()];
  const sealed = cipherOf([before]).seal('text', 'a');
  const both = cipherOf([after, before]);
  expect(both.open(sealed, 'a')).toBe('text');
  expect(codeOf(() => cipherOf([before]).open(both.seal('text', 'a'), 'a'))).toBe('SECRET_KEY_UNKNOWN');
});

it('makes a key of its own at the first start, for its owner alone, and keeps it', () => {
  const config = loadConfig({ ALMANAC_HOME: home });
  const sealed = openCipher(config).seal('text', 'a');
  expect(openCipher(config).open(sealed, 'a')).toBe('text');
  const file = join(home, 'secret.key');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toHaveLength(32);
  writeFileSync(file, 'short');
  expect(codeOf(() => openCipher(config))).toBe('SECRET_KEY_UNREADABLE');
});

it('prefers the key of the environment, and refuses one that is none', () => {
  const given = key();
  const config = loadConfig({ ALMANAC_HOME: home, ALMANAC_SECRET_KEY: `${given},${key()}` });
  expect(cipherOf([given]).open(openCipher(config).seal('text', 'a'), 'a')).toBe('text');
  expect(codeOf(() => loadConfig({ ALMANAC_SECRET_KEY: 'correct horse' }))).toBe('CONFIG_INVALID');
});
