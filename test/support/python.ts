/** Scripts of `test/clients`, run by the Python that ALMANAC_PYTHON names, or by `.venv` beside the code. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/dist\/?$/, '');
const beside = join(root, '.venv/bin/python');

/** Undefined where no Python has the package; `.ci/packages` installs those that tests need. */
export function pythonWith(module: string): string | undefined {
  const candidates = [process.env['ALMANAC_PYTHON'], existsSync(beside) ? beside : undefined, 'python3'];
  const has = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`;
  return candidates.find((python) => python !== undefined && spawnSync(python, ['-c', has]).status === 0);
}

/** What the script prints, as JSON. */
export async function askPython(python: string, script: string, env: Record<string, string>): Promise<unknown> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 2 ** 20 };
  const { stdout } = await promisify(execFile)(python, [join(root, 'test/clients', script)], options);
  return JSON.parse(stdout);
}
