import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const specifier =
  /(?:^|[\s;])(?:import|export)\s[^'"()]*?from\s*['"]([^'"]+)['"]|(?:^|[\s;])import\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Every module of this repository that the program can load, and the packages those name. */
function graph(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const match of readFileSync(file, 'utf8').matchAll(specifier)) {
      const name = match[1] ?? match[2] ?? match[3] ?? '';
      if (name.startsWith('.')) waiting.push(fileURLToPath(new URL(name, `file://${file}`)));
      else if (name.startsWith('@almanac/')) waiting.push(createRequire(file).resolve(name));
      else packages.add(name);
    }
  }
  return { files: new Set([...files].map((file) => realpathSync(file))), packages };
}

describe('what the API loads', () => {
  it('is neither TensorFlow.js nor DuckDB, nor what computes in the forecasting library', () => {
    expect(existsSync(main), 'build first: tsc -b apps/api').toBe(true);
    const { files, packages } = graph(main);
    // The walk reaches what it should: the store's driver and the use cases.
    expect([...packages]).toEqual(expect.arrayContaining(['pg', 'typeorm', '@nestjs/common']));
    expect([...files].some((file) => file.includes('/libs/flow/dist/query/'))).toBe(true);

    expect([...packages].filter((name) => /tensorflow|duckdb/.test(name))).toEqual([]);
    // Of the forecasting library only what plans a training, reached by an entry of its own.
    expect([...files].some((file) => file.endsWith('/libs/forecasting/dist/plan/index.js'))).toBe(true);
    const computes = /\/libs\/(kernels|forecasting\/dist\/(index|training\/|kinds\/registry|kinds\/\w+\/(forecaster|network|train)))\b/;
    expect([...files].filter((file) => computes.test(file) && !file.endsWith('/training/state.js'))).toEqual([]);
  });
});
