/** The documents that people start from say what is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

describe('decisions', () => {
  const files = readdirSync(`${root}docs/adr`).filter((file) => file.endsWith('.md'));

  it.each(files)('%s has its number, a status and a date', (file) => {
    const [title, empty, status] = read(`docs/adr/${file}`).split('\n');
    expect(title).toMatch(new RegExp(`^# ${Number(file.slice(0, 4))}\\. `));
    expect(empty).toBe('');
    expect(status).toMatch(/^(Proposed|Accepted|Superseded by ADR \d+), \d{4}-\d\d-\d\d\.$/);
  });

  it('have a number each', () => {
    expect(new Set(files.map((file) => file.slice(0, 4))).size).toBe(files.length);
  });
});

describe('ARCHITECTURE.md and CONTRIBUTING.md', () => {
  const names = (file: string): string[] =>
    [...read(file).matchAll(/`((?:apps|libs|infra|test|database|docs|\.ci)\/[\w./-]+|[\w.-]+\.(?:js|cjs|json|md))`/g)].map(
      ([, name]) => name!,
    );

  it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s names files that exist', (file) => {
    const named = names(file);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => name.includes('/') && !name.includes('<') && !existsSync(`${root}${name}`))).toEqual([]);
  });

  it('walks through the whole way of an upload, a training and a forecast', () => {
    expect(names('ARCHITECTURE.md').length).toBeGreaterThan(35);
  });
});

describe('links', () => {
  const files = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md'].concat(
    ['docs', 'docs/guide', 'docs/adr', 'docs/models'].flatMap((folder) =>
      existsSync(`${root}${folder}`) ? readdirSync(`${root}${folder}`).map((name) => `${folder}/${name}`) : [],
    ),
  );
  const targets = (file: string): string[] =>
    [...read(file).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)]
      .map(([, link, picture]) => (link ?? picture)!.replace(/#.*/, ''))
      .filter((target) => target !== '' && !/^[a-z]+:/.test(target));

  it.each(files.filter((file) => file.endsWith('.md')))('of %s lead to files that exist', (file) => {
    expect(targets(file).filter((target) => !existsSync(new URL(target, `file://${root}${file}`)))).toEqual([]);
  });
});

describe('a README', () => {
  const projects = ['apps', 'libs'].flatMap((folder) => readdirSync(`${root}${folder}`).map((name) => `${folder}/${name}`));

  it.each(projects)('%s has one that begins with its name', (project) => {
    expect(read(`${project}/README.md`).toLowerCase()).toMatch(new RegExp(`^# ${project.split('/')[1]}\\n`));
  });
});

it('the handbook has every variable that programs read, and no other', () => {
  const known = ['config', 'people'].flatMap((file) =>
    [...read(`libs/platform/src/${file}.ts`).matchAll(/^ {2}([A-Z][A-Z_\d]+):/gm)].map(([, name]) => name!),
  );
  const table = read('docs/guide/operations.md').split('## Variables')[1]!;
  const named = [...table.matchAll(/`([A-Z][A-Z_\d]*_[A-Z_\d]+|PORT)`/g)].map(([, name]) => name!);
  expect(known.length).toBeGreaterThan(40);
  expect([...new Set(named)].sort()).toEqual([...new Set(known)].sort());
});
