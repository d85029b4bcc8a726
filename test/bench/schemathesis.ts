/**
 * `schemathesis [--requests N] [--phases LIST] [--seed N] [--only OPERATION] [--python PATH]`: so many requests at least (20,000 unless
 * given), made by schemathesis from the OpenAPI document and sent to an API of its own with a dataset and a model in it. Its phase
 * `coverage` alone makes some 9,000; `--phases fuzzing` leaves it out. None may be answered by a fault of ours (5xx), nor with anything
 * but what the document says: of a refusal, problem details. Ends with 1 where one is.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endpoints } from '@almanac/contracts';
import { House } from '../chaos/house.js';
import type { Bench, BenchRow } from './bench.js';
import { option } from './measure.js';

const VERSION = '4.32.5';
const CHECKS = 'not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance';
/** Following a run or waiting for a forecast takes as long as it takes. */
const PATIENCE_SECONDS = 120;

function findSchemathesis(args: readonly string[]): string {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const pythons = [option(args, 'python'), process.env['ALMANAC_PYTHON'], join(root, '.venv/bin/python')].filter(
    (path): path is string => path !== undefined && existsSync(path),
  );
  for (const program of [...pythons.map((path) => join(dirname(path), 'schemathesis')), 'schemathesis'])
    if (spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout?.includes(VERSION)) return program;
  throw new Error(
    `No schemathesis ${VERSION} found. It comes from PyPI:\n  python3 -m venv .venv && .venv/bin/pip install schemathesis==${VERSION}\n` +
      'or name a Python that has it with --python PATH.',
  );
}

async function prepare({ client }: House): Promise<void> {
  const rows = Array.from({ length: 60 }, (_, t) => `a,${new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10)},${t % 7}`);
  const { runId } = await client.upload(new Blob([`unique_id,ds,y\n${rows.join('\n')}\n`]), 'sales.csv', {
    dataset: 'sales',
    frequency: 'D',
  });
  await client.waitForRun(runId);
  const training = await client.call('train', { body: { dataset: 'sales', kind: 'seasonalNaive', model: 'sales', horizon: 7 } });
  await client.waitForRun(training.id);
}

export const schemathesis: Bench = {
  name: 'schemathesis',
  summary:
    'requests made from the OpenAPI document by a tool that is not ours: none is answered by a fault, or by what the document does not say',
  async run(args): Promise<BenchRow[]> {
    const requests = Number(option(args, 'requests') ?? 20_000);
    const only = option(args, 'only');
    const program = findSchemathesis(args);
    // Where it would leave its own files.
    const folder = mkdtempSync(join(tmpdir(), 'almanac-schemathesis-'));
    const unlimited = ['callerRequestsPerMinute', 'requestsPerMinute', 'openRuns', 'webhooks']
      .map((quota) => `${quota}=unlimited`)
      .join(',');
    const house = await House.build({ ALMANAC_QUOTAS: unlimited });
    try {
      await prepare(house);
      const each = Math.max(1, Math.ceil(requests / (only === undefined ? Object.keys(endpoints).length : 1)));
      const child = spawn(
        program,
        [
          ...[
            'run',
            `${house.url}/v1/openapi.json`,
            '--checks',
            CHECKS,
            '--phases',
            option(args, 'phases') ?? 'coverage,fuzzing',
            '--max-examples',
            String(each),
          ],
          ...['-H', `Authorization: Bearer ${house.key}`, '--request-timeout', String(PATIENCE_SECONDS), '--continue-on-failure'],
          ...['--seed', option(args, 'seed') ?? '1', '--suppress-health-check', 'all', '--no-shrink', '--warnings', 'off'],
          // It writes no archives; damaged ones have tests of their own.
          ...(only === undefined ? ['--exclude-operation-id', 'importModel'] : ['--include-operation-id', only]),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder },
      );
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        process.stdout.write(text);
        printed += text;
      });
      const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
      if (code !== 0) process.exitCode = 1;
      const [, made, found] = /Test cases:\s+(\d+) generated(?:, (\d+) found)?/.exec(printed) ?? [];
      if (made === undefined) throw new Error('schemathesis did not say how many requests it made.');
      const [ours, peer] = [Number(found ?? 0), Number(made)];
      return [
        {
          case: 'answered by a fault, or not as the document says',
          ours,
          peer,
          peerName: 'requests',
          unit: 'requests',
          ratio: ours / peer,
        },
      ];
    } finally {
      await house.tearDown();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
