/**
 * The programs of one machine: started in order, restarted when they die, stopped in reverse order.
 * Each runs in a session of its own, so that Ctrl-C reaches the supervisor alone and it decides who stops when.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AlmanacError } from '@almanac/series';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';

const STOP_PATIENCE_MS = 15_000;
const MAX_RESTARTS_PER_MINUTE = 3;
const REOPEN_MS = 5_000;

export interface ProgramOptions {
  name: string;
  /** File URL of the compiled main module. */
  main: URL;
  env: NodeJS.ProcessEnv;
  logFile: string;
  execArgv?: string[];
  /** Called when it died too often to be restarted. */
  onGivenUp: (error: AlmanacError) => void;
}

export interface Program {
  readonly name: string;
  stop(): Promise<void>;
}

/** Last lines of a log, for an error message. */
function tail(file: string, lines = 15): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

export interface Log {
  write(chunk: Uint8Array | string): void;
  end(done?: () => void): void;
}

/**
 * A log that is put aside and packed when it is full; of those the oldest go. What cannot be written is dropped and the file opened
 * again a little later: a full disk must neither end nor hold up what is logged.
 */
export function openLog(file: string, size: `${number}${'K' | 'M'}` = '16M'): Log {
  const open = (): RotatingFileStream => {
    const name = basename(file);
    const made = createStream(name, { path: dirname(file), size, maxFiles: 5, compress: 'gzip', history: `.${name}.history` });
    made.on('warning', () => undefined);
    made.on('error', () => {
      if (stream === made) stream = undefined;
      brokenAt = performance.now();
    });
    return made;
  };
  let brokenAt = 0;
  let stream: RotatingFileStream | undefined = open();
  return {
    write(chunk) {
      if (!stream && performance.now() - brokenAt > REOPEN_MS) stream = open();
      stream?.write(chunk);
    },
    end: (done) => (stream ? void stream.end(done) : done?.()),
  };
}

export function startProgram(options: ProgramOptions): Program {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openLog(options.logFile);
  const restarts: number[] = [];
  let child: ChildProcess;
  let stopping = false;

  const launch = (): void => {
    child = fork(new URL('./child.js', import.meta.url), [options.main.href], {
      env: options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: options.execArgv ?? [],
    });
    child.stdout?.on('data', (chunk: Buffer) => log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => log.write(chunk));
    child.once('exit', (code, signal) => {
      if (stopping) return;
      const now = performance.now();
      restarts.push(now);
      if (restarts.filter((at) => now - at < 60_000).length > MAX_RESTARTS_PER_MINUTE) {
        options.onGivenUp(
          new AlmanacError('PROGRAM_DIED', `${options.name} ended again and again (last: ${signal ?? `exit code ${code}`}).`, {
            hint: `Its log is ${options.logFile}:\n${tail(options.logFile)}`,
          }),
        );
        return;
      }
      setTimeout(() => stopping || launch(), 1000);
    });
  };
  launch();

  return {
    name: options.name,
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
      await ended;
      clearTimeout(force);
      log.end();
    },
  };
}

export const programUrl = (path: string): URL => new URL(`../../../${path}`, import.meta.url);
export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url));
