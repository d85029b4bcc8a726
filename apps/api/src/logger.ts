/** Nest's messages in the platform's log. */
import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@almanac/platform';

export function nestLogger(logger: Logger): LoggerService {
  const about = (rest: unknown[]): object => ({ about: rest.at(-1) });
  return {
    // What Nest says about its own wiring is of no interest to an operator.
    log: (message: unknown, ...rest: unknown[]) => logger.debug(about(rest), String(message)),
    debug: (message: unknown, ...rest: unknown[]) => logger.debug(about(rest), String(message)),
    verbose: (message: unknown, ...rest: unknown[]) => logger.debug(about(rest), String(message)),
    warn: (message: unknown, ...rest: unknown[]) => logger.warn(about(rest), String(message)),
    error: (message: unknown, ...rest: unknown[]) => logger.error(about(rest), String(message)),
    fatal: (message: unknown, ...rest: unknown[]) => logger.error(about(rest), String(message)),
  };
}
