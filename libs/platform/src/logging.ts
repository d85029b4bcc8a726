/** One logger per program: JSON lines on standard error, with the program's name; secrets are left out. */
import { type Logger as PinoLogger, pino } from 'pino';

/** What the libraries ask of a logger; pino fulfils it, a test may pass its own. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export function createLogger(program: string, level: string): PinoLogger {
  return pino(
    { name: program, level, redact: { paths: ['*.password', '*.key', '*.authorization', 'databaseUrl', 'redisUrl'], censor: '[hidden]' } },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** For tests and one-off scripts. */
export const silentLogger: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
