/**
 * `npm run bench -- accuracy all [--sets a,b] [--budgets quick,standard,best] [--seeds 1,2,3] [--threads N] [--again]`: one table of what a
 * user gets by default, set by set and budget by budget, beside each member and published rows.
 *
 * Every cell (set, budget, seed) is computed in a process of its own and kept in `results/cells/cells.json` with the state of the
 * library; a run that was stopped goes on with the cells that are missing or of another state, `--again` begins anew.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchRow } from '../bench.js';
import { option } from '../measure.js';
import type { Cell, CellTask } from './cell.js';
import { row } from './heldOut.js';
import { SETS } from './sets.js';

const BUDGETS = ['quick', 'standard', 'best'];
const KEPT = fileURLToPath(new URL('../../../bench/results/cells/cells.json', import.meta.url));
const MOST_OUTPUT = 64 * 2 ** 20;

type Kept = Record<string, Cell & { code: string }>;

/** The state of what forecasts: cells of another one say nothing about this one. */
function codeOf(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'libs/forecasting/src', 'libs/kernels') !== '';
  return `${git('rev-parse', '--short', 'HEAD:libs/forecasting/src')}${changed ? ` with changes of ${new Date().toISOString()}` : ''}`;
}

const list = (args: string[], name: string, otherwise: readonly string[]): string[] => option(args, name)?.split(',') ?? [...otherwise];

export async function accuracyOfAll(args: string[], dataDir: string): Promise<BenchRow[]> {
  const sets = list(args, 'sets', Object.keys(SETS));
  const stray = sets.find((set) => !(set in SETS));
  if (stray !== undefined) throw new Error(`No data set is named ${stray}. Data sets: ${Object.keys(SETS).join(', ')}.`);
  const seeds = list(args, 'seeds', ['1', '2', '3']).map(Number);
  const threads = Number(option(args, 'threads') ?? 1);
  const kept: Kept = existsSync(KEPT) && !args.includes('--again') ? (JSON.parse(readFileSync(KEPT, 'utf8')) as Kept) : {};
  const code = codeOf();
  for (const set of sets)
    for (const budget of list(args, 'budgets', BUDGETS))
      for (const seed of seeds) {
        const key = `${set} ${budget} ${seed}`;
        if (kept[key]?.code !== code) {
          kept[key] = { ...(await compute({ set, budget, seed, threads, dataDir })), code };
          mkdirSync(dirname(KEPT), { recursive: true });
          writeFileSync(KEPT, `${JSON.stringify(kept, null, 1)}\n`);
        }
        tell(key, kept[key]);
      }
  return sets.flatMap((set) =>
    list(args, 'budgets', BUDGETS).flatMap((budget) =>
      rowsOf(
        set,
        budget,
        seeds.map((seed) => kept[`${set} ${budget} ${seed}`]!),
      ),
    ),
  );
}

async function compute(task: CellTask): Promise<Cell> {
  const script = fileURLToPath(new URL('./cell.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(task)], { maxBuffer: MOST_OUTPUT });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Cell;
}

const digits = (value: number | null): string => (value === null || !Number.isFinite(value) ? '–' : value.toPrecision(4));

function tell(key: string, cell: Cell): void {
  const { owa, mase, smape, wql, mse, mae, coverage80, coverage95, fitCpuSeconds, predictCpuSeconds, memoryMiB, members } = cell;
  console.log(
    `${key}: OWA ${digits(owa)}, MASE ${digits(mase)}, sMAPE ${digits(smape)}, WQL ${digits(wql)}, MSE ${digits(mse)}, MAE ${digits(mae)}, ` +
      `covered 80 %: ${coverage80.toFixed(3)}, 95 %: ${coverage95.toFixed(3)}; CPU ${fitCpuSeconds.toFixed(1)} s to fit, ` +
      `${predictCpuSeconds.toFixed(1)} s to forecast; ${memoryMiB.toFixed(0)} MiB`,
  );
  for (const { label, share, owa: own, wql: theirs } of members)
    console.log(`    ${label}: counts ${(100 * share).toFixed(0)} %, alone OWA ${digits(own)}, WQL ${digits(theirs)}`);
}

/** Means over the seeds, beside every published row; and what it cost. */
function rowsOf(set: string, budget: string, cells: readonly Cell[]): BenchRow[] {
  const mean = (value: (cell: Cell) => number | null): number =>
    cells.reduce((sum, cell) => sum + (value(cell) ?? Number.NaN), 0) / cells.length;
  const name = `${set}, ${budget}`;
  const best = (metric: 'owa' | 'wql'): number =>
    Math.min(
      ...cells[0]!.members.flatMap(({ label }) => {
        const value = mean((cell) => cell.members.find((member) => member.label === label)?.[metric] ?? null);
        return Number.isFinite(value) ? [value] : [];
      }),
    );
  const beside = (['owa', 'wql'] as const)
    .filter((metric) => Number.isFinite(best(metric)))
    .map((metric) =>
      row(
        name,
        metric.toUpperCase(),
        mean((cell) => cell[metric]),
        'its best member, seen afterwards',
        best(metric),
      ),
    );
  const peers = SETS[set]!.peers.map(({ metric, name: peer, value }) =>
    row(
      name,
      metric.toUpperCase(),
      mean((cell) => cell[metric]),
      peer,
      value,
    ),
  );
  return [
    ...peers,
    ...beside,
    row(
      name,
      'CPU s',
      mean((cell) => cell.fitCpuSeconds + cell.predictCpuSeconds),
      'MiB of memory',
      mean((cell) => cell.memoryMiB),
    ),
  ];
}
