/** The documents that people start from say what is there. */
import { readdirSync, readFileSync } from 'node:fs';
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
