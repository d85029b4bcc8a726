/** Compiles assembly/ into one WebAssembly module for each set of instructions a runtime may have. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cellFunctions } from './cells.mjs';
import { microKernels } from './micro.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin', 'asc.js');
// `wide` blocks registers for 256-bit pairs; without them it would spill.
const variants = {
  simd: [],
  'relaxed-simd': ['--enable', 'relaxed-simd', '--use', 'RELAXED=1'],
  'relaxed-simd-wide': ['--enable', 'relaxed-simd', '--use', 'RELAXED=1', '--use', 'WIDE=1'],
};

mkdirSync(join(root, 'build'), { recursive: true });
writeFileSync(join(root, 'build', 'micro.ts'), microKernels);
writeFileSync(join(root, 'build', 'cells.ts'), cellFunctions);
// The memory comes from outside: nothing of ours may be placed in it at start, so there is no static data.
const always = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--importMemory', '--noExportMemory', '--debug'];
const build = (source, name, options) => {
  const { status } = spawnSync(process.execPath, [asc, `assembly/${source}.ts`, '-o', `build/${name}.wasm`, ...always, ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
};
for (const [variant, options] of Object.entries(variants)) build('index', variant, options);
build('shared', 'shared', ['--enable', 'threads', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536']);
