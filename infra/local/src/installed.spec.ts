import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

const { isInstalled } = (await import(new URL('../installed.mjs', import.meta.url).href)) as { isInstalled: (root: string) => boolean };
const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** A project whose packages lie in a workspace and a folder beside it, so that npm needs no network. */
let project: string;
const folders: string[] = [];
const write = (file: string, content: object): void => writeFileSync(join(project, file), JSON.stringify(content));
const npm = (...args: string[]): void =>
  void execFileSync('npm', [...args, '--offline', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: project, stdio: 'pipe' });

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'almanac-installed-'));
  folders.push(project);
  mkdirSync(join(project, 'part'));
  mkdirSync(join(project, 'helper'));
  write('part/package.json', { name: 'part', version: '1.0.0' });
  write('helper/package.json', { name: 'helper', version: '1.0.0' });
  npm('pack', './helper');
  write('package.json', {
    name: 'project',
    private: true,
    workspaces: ['part'],
    dependencies: { helper: 'file:helper-1.0.0.tgz' },
  });
  npm('install', '--package-lock-only');
});
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

describe('npm start', () => {
  it('installs on a fresh clone, and not again after npm ci or npm install', () => {
    expect(isInstalled(project)).toBe(false);
    npm('ci');
    expect(isInstalled(project)).toBe(true);
    npm('install');
    expect(isInstalled(project)).toBe(true);
  });

  it('installs nothing here, where the packages are those of the lock file, whoever installed them', () => {
    expect(isInstalled(repository)).toBe(true);
  });

  it('installs when the lock file has another version, more packages or fewer than are there', () => {
    npm('ci');
    const file = join(project, 'package-lock.json');
    const lock = readFileSync(file, 'utf8');
    const change = (edit: (packages: Record<string, Record<string, unknown>>) => void): boolean => {
      const changed = JSON.parse(lock) as { packages: Record<string, Record<string, unknown>> };
      edit(changed.packages);
      writeFileSync(file, JSON.stringify(changed));
      return isInstalled(project);
    };
    expect(change(() => undefined)).toBe(true);
    expect(change((packages) => (packages['node_modules/helper']!['version'] = '1.0.1'))).toBe(false);
    expect(change((packages) => (packages['node_modules/helper']!['integrity'] = 'sha512-other'))).toBe(false);
    expect(change((packages) => (packages['node_modules/another'] = { version: '1.0.0' }))).toBe(false);
    expect(change((packages) => (packages['node_modules/forOthers'] = { version: '1.0.0', optional: true }))).toBe(true);
    expect(change((packages) => delete packages['node_modules/helper'])).toBe(false);
  });

  it('installs again what an interrupted installation left behind', () => {
    npm('ci');
    rmSync(join(project, 'node_modules/.package-lock.json'));
    expect(isInstalled(project)).toBe(false);
  });
});
