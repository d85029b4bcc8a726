/** Takes the driver that the configuration names. */
import type { Config } from '../config.js';
import type { Logger } from '../logging.js';
import { requireDatabaseUrl } from '../config.js';
import type { JobDefinition, Queue } from './queue.js';

/** Loads only the driver it opens. */
export async function openQueue<Name extends string>(
  config: Pick<Config, 'redisUrl' | 'databaseUrl'>,
  jobs: readonly JobDefinition<Name>[],
  logger: Logger,
): Promise<Queue<Name>> {
  if (config.redisUrl !== undefined) {
    const { openBullQueue } = await import('./bull.js');
    return openBullQueue({ redisUrl: config.redisUrl, jobs, logger });
  }
  const { openPgBossQueue } = await import('./pgBoss.js');
  return openPgBossQueue({ databaseUrl: requireDatabaseUrl(config), jobs, logger });
}
