/**
 * `npm start`, `npm test`, `npm run bench` and the like: makes a fresh clone ready, then hands over.
 *
 * Plain JavaScript without dependencies, for it runs before anything is installed and on whatever Node the machine has.
 * It installs the packages of the lock file when they are missing or out of date (they bring Node 24 along), builds what
 * changed, and starts the command with that Node. It says what it does and how long it took, and is silent otherwise.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled } from './installed.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const bin = join(root, 'node_modules', '.bin');
const windows = process.platform === 'win32';
const [command = 'start', ...args] = process.argv.slice(2);

const commands = {
  start: { run: ['infra/local/dist/main.js'], about: 'starts Almanac' },
  test: { run: ['infra/local/dist/test.js'], about: 'runs the tests' },
  bench: { run: ['--expose-gc', 'test/dist/bench/main.js'], about: 'runs a bench' },
  pretrain: { run: ['libs/forecasting/dist/pretrain/main.js'], about: 'trains the shipped network on synthetic series' },
  chaos: { run: ['test/dist/chaos/main.js'], about: 'kills processes at random' },
  build: { run: ['--version'], about: 'installs and builds' },
  engine: { run: ['infra/local/engine/tensorflow.mjs'], about: 'provides the TensorFlow engine' },
  'test-gpu': { run: ['infra/local/engine/testGpu.mjs'], about: 'runs the conformance suite of the kernels on a GPU' },
};

/** Seconds since `start`, for the reader. */
const took = (start) => `${((Date.now() - start) / 1000).toFixed(0)} s`;

function fail(message, detail = '') {
  process.stderr.write(`\n${message}\n${detail}`);
  process.exit(1);
}

/** Runs a command quietly; shows what it printed only when it fails. */
function quietly(title, program, programArgs, env = process.env) {
  const start = Date.now();
  process.stdout.write(`${title} … `);
  const result = spawnSync(program, programArgs, { cwd: root, env, encoding: 'utf8', shell: windows, maxBuffer: 1 << 28 });
  if (result.error) fail(`${program} could not be started: ${result.error.message}`);
  if (result.status !== 0) fail(`${title}: failed with exit code ${result.status}.`, `${result.stdout}\n${result.stderr}`);
  process.stdout.write(`${took(start)}\n`);
}

function install() {
  if (isInstalled(root)) return;
  quietly('Installing packages (once; a minute or two)', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Node 24 from the packages, else this one where it is new enough. */
function findNode() {
  const packaged = join(bin, windows ? 'node.exe' : 'node');
  if (existsSync(packaged)) return packaged;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return process.execPath;
  return fail(
    `Node ${process.versions.node} is too old for Almanac, and no packaged Node exists for ${process.platform}-${process.arch}.`,
    'Install Node 24 and run the command again.\n',
  );
}

/** The address of a running Almanac, so that a second copy started by mistake touches nothing. */
function alreadyRunning() {
  const lockFile = join(resolve(root, process.env.ALMANAC_HOME ?? '.almanac'), 'running.json');
  if (!existsSync(lockFile)) return undefined;
  try {
    const { pid, address } = JSON.parse(readFileSync(lockFile, 'utf8'));
    process.kill(pid, 0);
    return `Almanac is already running here (process ${pid}${address ? `, ${address}` : ''}). Nothing was changed. Stop it with Ctrl-C in its terminal, or set ALMANAC_HOME and ALMANAC_PORT for a second one.`;
  } catch (error) {
    // EPERM: the process exists and belongs to somebody else. Anything else: a stale or torn file.
    return error.code === 'EPERM' ? 'Almanac is already running here as another user. Nothing was changed.' : undefined;
  }
}

if (!(command in commands)) fail(`Unknown command "${command}".`, `Known: ${Object.keys(commands).join(', ')}.\n`);
if (command === 'start') {
  const running = alreadyRunning();
  if (running) fail(running);
}
install();
const node = findNode();
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  NX_DAEMON: 'false',
  NX_NO_CLOUD: 'true',
  // Compiled code is kept for the processes that follow: it halves the CPU seconds of starting each (API 1.7 to 0.9, worker 0.9 to 0.6).
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'node'),
};
quietly(
  'Building what changed',
  node,
  [join(root, 'node_modules/nx/dist/bin/nx.js'), 'run-many', '-t', 'compile,build', '--output-style=static'],
  env,
);

const child = spawn(node, [...commands[command].run, ...args], { cwd: root, env, stdio: 'inherit' });
// Ctrl-C reaches the child by itself (same terminal); any other signal was sent to this process alone and is passed on.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
