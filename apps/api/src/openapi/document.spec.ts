/** The OpenAPI document as tools meet it: Redocly finds nothing, and what two generators make of it compiles. */
import { createClient } from '@hey-api/openapi-ts';
import { type Endpoint, type EndpointName, endpoints } from '@almanac/contracts';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { strict } from '../http/strict.js';
import { openApiDocument } from './document.js';
import { EXAMPLES } from './examples.js';

const document = openApiDocument('1') as { paths: Record<string, Record<string, { responses: Record<string, { headers?: object }> }>> };

it('has nothing that Redocly recommends against', async () => {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: JSON.stringify(document), config, absoluteRef: '/openapi.json' });
  expect(problems.map(({ ruleId, location, message }) => `${location[0]?.pointer} ${ruleId}: ${message}`)).toEqual([]);
});

it('says where what was made is found, whatever was made', () => {
  const made = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).flatMap(({ responses }) =>
      ['201', '202'].flatMap((status) => (responses[status] ? [[`${status} ${path}`, Object.keys(responses[status].headers ?? {})]] : [])),
    ),
  );
  expect(made.length).toBeGreaterThan(20);
  expect(made.filter(([, headers]) => !headers!.includes('Location'))).toEqual([]);
});

it.each(Object.entries(EXAMPLES) as [EndpointName, unknown][])('shows an example of %s that it takes', (name, example) => {
  expect(strict((endpoints[name] as Endpoint).body!).safeParse(example).error?.message).toBeUndefined();
});

describe('a generated client compiles', () => {
  // Beside this file, so that nothing but what the client imports has to be found.
  const here = fileURLToPath(new URL('../../', import.meta.url));
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(here, '.generated-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function faultsOf(entry: string): string[] {
    const program = ts.createProgram([entry], {
      ...{ strict: true, noEmit: true, skipLibCheck: true, types: [], lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'] },
      ...{ target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    });
    return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  }

  it('by openapi-typescript', async () => {
    const types = astToString(await openapiTS(JSON.parse(JSON.stringify(document)) as never, { defaultNonNullable: false }));
    writeFileSync(join(folder, 'types.ts'), types);
    const used = `import type { paths } from './types';
      type Body = NonNullable<paths['/v1/train']['post']['requestBody']>['content']['application/json'];
      export const body: Body = { dataset: 'sales', horizon: 28 };
      type Rows = paths['/v1/datasets/{dataset}/observations']['post']['requestBody']['content']['application/json'];
      export const rows: Rows = [{ unique_id: 'shop', ds: '2024-01-31', y: 3 }];
      // @ts-expect-error a number
      export const wrong: Body = { dataset: 5 };`;
    writeFileSync(join(folder, 'used.ts'), used);
    expect(faultsOf(join(folder, 'used.ts'))).toEqual([]);
  });

  it('by @hey-api/openapi-ts', async () => {
    const output = join(folder, 'hey');
    mkdirSync(output);
    await createClient({ input: JSON.parse(JSON.stringify(document)) as never, output, logs: { level: 'silent' } });
    const used = `import { appendObservations, train } from './hey';
      export const asked = () => train({ body: { dataset: 'sales', horizon: 28 } });
      export const sent = () => appendObservations({ path: { dataset: 'sales' }, body: [{ unique_id: 'shop', ds: '2024-01-31', y: 3 }] });
      // @ts-expect-error a number
      export const wrong = () => train({ body: { dataset: 5 } });`;
    writeFileSync(join(folder, 'asked.ts'), used);
    expect(faultsOf(join(folder, 'asked.ts'))).toEqual([]);
  });
});
