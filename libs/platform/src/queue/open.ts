/** Takes the driver that the configuration names. */
import type { Config } from '../config.js';
import type { Logger } from '../logging.js';
import { requireDatabaseUrl } from '../config.js';
import type { JobDefinition, Queue } from './queue.js';

/**
 * Loads only the driver it opens.
 * @param heartbeatSeconds a worker that gave no sign of life for so long is taken for dead; pg-boss allows no less than 10
 */
export async function openQueue<Name extends string>(
  config: Pick<Config, 'redisUrl' | 'databaseUrl'>,
  jobs: readonly JobDefinition<Name>[],
  logger: Logger,
  heartbeatSeconds = 15,
): Promise<Queue<Name>> {
  if (config.redisUrl !== undefined) {
    const { openBullQueue } = await import('./bull.js');
    return openBullQueue({ redisUrl: config.redisUrl, jobs, logger, heartbeatSeconds });
  }
  const { openPgBossQueue } = await import('./pgBoss.js');
  return openPgBossQueue({ databaseUrl: requireDatabaseUrl(config), jobs, logger, heartbeatSeconds });
}
