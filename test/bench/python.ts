/** A Python process that answers JSON lines, and the search for a Python that has PyTorch. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** `--python PATH`, ALMANAC_PYTHON, a virtual environment beside the code, python3: the first that imports torch. */
export function findPython(args: readonly string[]): string {
  const named =
    args.find((arg) => arg.startsWith('--python='))?.slice(9) ??
    (args.includes('--python') ? args[args.indexOf('--python') + 1] : undefined);
  const candidates = [named, process.env['ALMANAC_PYTHON'], join(root, '.venv/bin/python'), 'python3'].filter((path) => path !== undefined);
  for (const path of candidates) {
    if (path.includes('/') && !existsSync(path)) continue;
    if (spawnSync(path, ['-c', 'import torch, numpy']).status === 0) return path;
  }
  throw new Error(
    `No Python with PyTorch found (tried ${candidates.join(', ')}). The peer of this bench is PyTorch:\n` +
      '  python3 -m venv .venv && .venv/bin/pip install torch numpy --index-url https://download.pytorch.org/whl/cpu\n' +
      'or name one that has it with --python PATH.',
  );
}

export class PythonPeer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(python: string, script: string, env: Record<string, string> = {}) {
    this.child = spawn(python, [join(root, 'test/bench', script)], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  async ask<Answer>(command: object): Promise<Answer> {
    this.child.stdin!.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the Python peer ended early; its own message is above');
    return JSON.parse(value) as Answer;
  }

  end(): void {
    this.child.stdin!.end();
  }
}
