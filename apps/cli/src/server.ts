/** Programs of the server, for commands that work on the installation itself: where only the command line is installed, there are none. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from './connection.js';

/** Runs one to its end at this terminal, and ends with its exit code. */
export async function onTheServer(program: 'admin' | 'operate', command: string[]): Promise<void> {
  const server = fileURLToPath(new URL(`../../api/dist/${program}.js`, import.meta.url));
  if (!existsSync(server))
    throw new UsageError('The server is not installed here: run the command on the machine or in the container of the API.');
  const child = spawn(process.execPath, [server, ...command], { stdio: 'inherit' });
  process.exitCode = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
