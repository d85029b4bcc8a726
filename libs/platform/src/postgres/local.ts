/** The database of this installation for a command at its terminal, whether Almanac runs or not. */
import { isAlmanacError } from '@almanac/series';
import type { Config } from '../config.js';
import { addressOfRunning, startEmbeddedPostgres } from './embedded.js';

/**
 * Lends the address of the database: DATABASE_URL, else the embedded server of the data folder, which is started for the
 * time of `use` unless it runs already.
 */
export async function withLocalDatabase<T>(config: Pick<Config, 'databaseUrl' | 'home'>, use: (url: string) => Promise<T>): Promise<T> {
  if (config.databaseUrl !== undefined) return use(config.databaseUrl);
  const server = await startEmbeddedPostgres({ home: config.home }).catch((error: unknown) => {
    const running = isAlmanacError(error) && error.code === 'HOME_IN_USE' ? addressOfRunning(config.home) : undefined;
    if (running === undefined) throw error;
    return { url: running, stop: () => Promise.resolve() };
  });
  try {
    return await use(server.url);
  } finally {
    await server.stop();
  }
}
