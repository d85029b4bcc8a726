/** The API answers requests and queues runs: it must never load the forecasting library, its engines or the reading engine. */
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRequire, isBuiltin } from 'node:module';
import { expect, it } from 'vitest';

const FORBIDDEN = /^(@tensorflow\/|@duckdb\/|@almanac\/(forecasting(?!\/(?:plan|paths)$)|kernels))/;
const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'"();]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** What the compiled files import, each with the file that does; packages that are not ours are not looked into. */
function importsOf(entry: URL): Map<string, string> {
  const found = new Map<string, string>();
  const waiting = [fileURLToPath(entry)];
  const seen = new Set(waiting);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const [, fixed, dynamic] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const name = (fixed ?? dynamic)!;
      if (isBuiltin(name)) continue;
      if (!name.startsWith('.')) found.set(name, file);
      if (!name.startsWith('.') && !name.startsWith('@almanac/')) continue;
      const target = name.startsWith('.') ? fileURLToPath(new URL(name, pathToFileURL(file))) : createRequire(file).resolve(name);
      if (seen.has(target) || !target.endsWith('.js')) continue;
      seen.add(target);
      waiting.push(target);
    }
  }
  return found;
}

it('the API imports neither TensorFlow.js, nor DuckDB, nor the forecasting library', () => {
  const imports = importsOf(new URL('../../apps/api/dist/main.js', import.meta.url));
  expect(imports.has('@almanac/flow/train')).toBe(true);
  expect([...imports].filter(([name]) => FORBIDDEN.test(name))).toEqual([]);
});

it('the worker does not load TensorFlow.js either: it computes in processes of their own', () => {
  const imports = importsOf(new URL('../../apps/worker/dist/main.js', import.meta.url));
  expect(imports.has('@almanac/flow/handlers')).toBe(true);
  expect([...imports].filter(([name]) => FORBIDDEN.test(name))).toEqual([]);
});
