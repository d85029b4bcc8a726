/** The worker program. It prints one line when it is ready, and ends on SIGTERM or SIGINT once its jobs are safe. */
import { explainError } from '@almanac/contracts/problem';
import { createLogger, loadConfig } from '@almanac/platform';
import { startWorker } from './worker.js';

async function main(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger('worker', config.logLevel);
  const worker = await startWorker(config, logger);
  const { name, variant, threads, why } = worker.engine;
  process.stdout.write(`Worker ${worker.id} on ${worker.queueDriver}: engine ${name} (${variant}, ${threads} threads): ${why}\n`);
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    worker.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error }, 'the worker did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`The worker could not start: ${explainError(error)}\n`);
  process.exit(1);
}
