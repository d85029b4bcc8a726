import { describe, expect, it } from 'vitest';
import type { Case } from './case.js';
import { formats } from './formats.js';
import { readContent } from './reading.js';
import { times } from './times.js';
import { values } from './values.js';
import { refused } from './refused.js';
import { around } from './around.js';
import { unusual } from './unusual.js';

const all = { formats, times, values, refused, unusual, around };

async function check({ file, content, options = {}, ...expected }: Case): Promise<void> {
  if (expected.error) {
    const { code, says, subject } = expected.error;
    const refusal = await readContent(file, content, options).then(
      (read) => expect.unreachable(`It was read: ${JSON.stringify(read.series)}`),
      (error: unknown) => error as { message: string; hint?: string },
    );
    expect(refusal).toMatchObject({ code, ...(subject && { subject }) });
    expect(refusal.hint).toBeTruthy();
    if (says) expect(`${refusal.message} ${refusal.hint}`).toMatch(says);
    return;
  }
  const read = await readContent(file, content, options);
  if (expected.series) expect(read.series).toEqual(expected.series);
  if (expected.covariates) expect(read.covariates).toEqual(expected.covariates);
  if (expected.statics) expect(read.statics).toEqual(expected.statics);
  if (expected.frequency) expect(read.head.frequency).toBe(expected.frequency);
  if (expected.duplicates !== undefined) expect(read.duplicates).toBe(expected.duplicates);
  expect(read.rejects.map(({ line, rule, text }) => [line, rule, text])).toEqual(expected.rejects ?? []);
}

describe.each(Object.entries(all))('%s', (_name, cases) => {
  it.each(cases)('$name', check);
});

it('holds at least 200 files, each with a name of its own', () => {
  const names = Object.values(all).flatMap((cases) => cases.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(200);
});
