/**
 * `npm run engine:tensorflow [-- --gpu] [--wheel] [--no-verify]`: provides the native TensorFlow that the `tensorflow` engine computes
 * with.
 *
 * 1. Installs @tensorflow/tfjs-node-gpu without running its scripts (they download, and a failed download fails the
 *    install). Its JavaScript serves CPU and GPU; which TensorFlow the binding is linked to decides.
 * 2. Official binary, if its server answers and the binary then loads (TensorFlow 2.9; its GPU build wants CUDA 11.2).
 * 3. Otherwise a current TensorFlow: the wheel that pip provides carries the C API, and the binding is compiled against it.
 * 4. Runs the kernels on it and says what to do if they fail.
 *
 * `--wheel` skips the official binary; `--no-verify` skips the last step, for images that are built where no GPU is.
 *
 * Everything lands in node_modules, so `npm ci` takes it away again; run this once more afterwards.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '4.22.0';
const HEADERS = 'node-api-headers@1.9.0';
const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const home = join(root, 'node_modules/@tensorflow/tfjs-node-gpu');
const gpu = process.argv.includes('--gpu');
const wheelOnly = process.argv.includes('--wheel');
const unverified = process.argv.includes('--no-verify');

const say = (text) => console.log(`engine:tensorflow: ${text}`);
const run = (command, args, options = {}) =>
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });

function fail(problem, advice) {
  console.error(`\nengine:tensorflow: ${problem}\n${advice}\nThe wasm engine needs none of this and stays the default.`);
  process.exit(1);
}

function installPackage() {
  const installed =
    existsSync(join(home, 'package.json')) && JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).version === VERSION;
  if (installed && existsSync(join(root, 'node_modules/node-api-headers'))) return;
  say(`installing @tensorflow/tfjs-node-gpu ${VERSION} without its scripts`);
  run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `@tensorflow/tfjs-node-gpu@${VERSION}`, HEADERS]);
}

/** Whether the binding in place computes: checked in a process of its own, since a broken one may crash. */
function verify(quiet) {
  const file = join(root, 'libs/kernels/scripts/verifyTensorflow.mjs');
  const result = spawnSync(join(root, 'node_modules/.bin/node'), [file, ...(gpu ? ['--gpu'] : [])], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: process.env.TF_CPP_MIN_LOG_LEVEL ?? '2' },
  });
  if (result.status === 0) say(result.stdout.trim());
  else if (!quiet) console.error(result.stderr.trim());
  return result.status === 0;
}

async function tryOfficial() {
  const address = 'https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz';
  try {
    const answer = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
  } catch (error) {
    say(`the official binary cannot be downloaded (${error.cause?.code ?? error.message}); building against the wheel of pip`);
    return false;
  }
  clean();
  const { status } = spawnSync(process.execPath, ['scripts/install.js', gpu ? 'gpu' : 'cpu', 'download'], { cwd: home, stdio: 'inherit' });
  if (status === 0 && verify(true)) return true;
  say('the official binary does not run here; building against the wheel of pip');
  return false;
}

function clean() {
  for (const folder of ['lib', 'deps']) rmSync(join(home, folder), { recursive: true, force: true });
}

function python() {
  const found = ['python3', 'python'].find((name) => spawnSync(name, ['-m', 'pip', '--version']).status === 0);
  return found ?? fail('neither python3 nor python has pip, which brings TensorFlow.', 'Install Python 3.10 or later with pip.');
}

/** Downloads the wheel and keeps of it what the binding needs: two libraries, the headers, and with --gpu CUDA's libraries. */
function takeFromWheel() {
  if (spawnSync('g++', ['--version']).status !== 0) fail('g++ is missing, which compiles the binding.', 'On Debian: apt-get install g++');
  const command = python();
  const wheels = mkdtempSync(join(tmpdir(), 'almanac-tensorflow-'));
  const wanted = gpu ? ['tensorflow[and-cuda]'] : ['--no-deps', 'tensorflow-cpu'];
  say(`downloading ${wanted.at(-1)} by pip (${gpu ? 'about 3 GB' : 'about 270 MB'})`);
  try {
    run(command, ['-m', 'pip', 'download', '--only-binary', ':all:', '--quiet', '--disable-pip-version-check', '-d', wheels, ...wanted]);
    const unpack = `
import glob, sys, zipfile
keep = ('tensorflow/include/', 'tensorflow/libtensorflow_cc.so', 'tensorflow/libtensorflow_framework.so', 'nvidia/')
for wheel in glob.glob(sys.argv[1] + '/*.whl'):
    with zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            if name.startswith(keep): z.extract(name, sys.argv[2])
`;
    mkdirSync(join(home, 'deps'), { recursive: true });
    run(command, ['-c', unpack, wheels, join(home, 'deps')]);
  } catch {
    fail('pip could not provide TensorFlow.', `Try \`${command} -m pip download ${wanted.join(' ')}\` and see what it says.`);
  } finally {
    rmSync(wheels, { recursive: true, force: true });
  }
}

function compile() {
  say('compiling the binding');
  const libraries = join(home, 'deps/tensorflow');
  const folder = join(home, 'lib/napi-v8');
  mkdirSync(folder, { recursive: true });
  // The wheel's libraries find CUDA's beside them (nvidia/…) by their own search path.
  try {
    run('g++', [
      ...['-shared', '-fPIC', '-O2', '-std=c++17', '-w', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
      ...['-I', join(root, 'node_modules/node-api-headers/include'), '-I', join(libraries, 'include'), '-I', home],
      ...[join(home, 'binding/tfjs_backend.cc'), join(home, 'binding/tfjs_binding.cc'), '-o', join(folder, 'tfjs_binding.node')],
      ...['-L', libraries, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/../../deps/tensorflow'],
    ]);
  } catch {
    fail('the binding did not compile.', 'The compiler’s messages are above; g++ 9 or later is needed.');
  }
  rmSync(join(libraries, 'include'), { recursive: true, force: true });
}

if (process.platform !== 'linux' || process.arch !== 'x64') say('only Linux on x64 has been tried');
installPackage();
if (!unverified && verify(true)) process.exit(0);
if (!wheelOnly && (await tryOfficial())) process.exit(0);
clean();
takeFromWheel();
compile();
if (unverified) say('built, not verified');
else if (!verify(false))
  fail(
    'the binding was built, but the kernels do not run on it.',
    'The message above is TensorFlow’s own. With --gpu, see that the driver is loaded (nvidia-smi).',
  );
