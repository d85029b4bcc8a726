/**
 * `npm run bench -- NAME [ARGS] [--data DIR] [--json FILE]`: compares two things in one run and prints the ratios first.
 * `report` writes BENCHMARKS.md from the results kept in test/bench/results.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Bench, BenchRow } from './bench.js';
import { saveResult, writeReport } from './report.js';

/** Each is a module of this folder that exports a bench under its own name. */
const NAMES = [
  'kernels',
  'training',
  'accuracy',
  'techniques',
  'ingest',
  'query',
  'forecast',
  'scale',
  'load',
  'schemathesis',
  'zeroshot',
].filter((file) => existsSync(new URL(`./${file}.js`, import.meta.url)));

const root = fileURLToPath(new URL('../../..', import.meta.url));

const format = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(4));

function printRows(title: string, rows: readonly BenchRow[]): void {
  console.log(`\n${title}: ours / peer (smaller is better)`);
  for (const row of rows) {
    console.log(
      `  ${row.ratio.toFixed(3)}  ${row.case}: ${format(row.ours)} ${row.unit} / ${row.peerName} ${format(row.peer)} ${row.unit}`,
    );
  }
}

// Ending by way of `exit` lets what was started be stopped.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const [name, ...rest] = process.argv.slice(2);
const { values } = parseArgs({
  args: rest,
  allowPositionals: true,
  strict: false,
  options: { data: { type: 'string' }, json: { type: 'string' } },
});

if (name === 'report') {
  writeReport(root);
} else if (name === undefined || !NAMES.includes(name)) {
  console.error(`Usage: npm run bench -- NAME [ARGS] [--data DIR] [--json FILE]\nNames: ${[...NAMES, 'report'].join(', ')}`);
  process.exit(2);
} else {
  const bench = ((await import(`./${name}.js`)) as Record<string, Bench>)[name]!;
  const besideRepository = resolve(root, '../shared/data');
  const dataDir = typeof values.data === 'string' ? values.data : existsSync(besideRepository) ? besideRepository : undefined;
  // Options of the bench itself stay in the list it gets; only --data and --json are taken out.
  const args = rest.filter((arg, index) => !/^--(data|json)(=|$)/.test(arg) && !/^--(data|json)$/.test(rest[index - 1] ?? ''));
  console.log(`${bench.name}: ${bench.summary}`);
  const rows = await bench.run(args, dataDir === undefined ? {} : { dataDir });
  printRows([name, ...args].join(' '), rows);
  // Where Python lies is this machine's affair and stays out of the record.
  const recorded = args.filter((arg, index) => !arg.startsWith('--python') && args[index - 1] !== '--python');
  saveResult(root, [name, ...recorded].join(' '), rows);
  if (typeof values.json === 'string') {
    mkdirSync(dirname(resolve(values.json)), { recursive: true });
    writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
  }
}
