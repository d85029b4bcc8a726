/** One API and worker for all cases of `test/cases`: each keeps to datasets of its own name. */
import type { TestProject } from 'vitest/node';
import { startAlmanac } from './almanac.js';

export interface SharedAlmanac {
  url: string;
  apiKey: string;
  databaseUrl: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    almanac: SharedAlmanac;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { postgresUrl } = project.getProvidedContext();
  const { url, apiKey, databaseUrl, stop } = await startAlmanac({ ALMANAC_WEBHOOK_NETWORKS: '127.0.0.0/8' }, { server: postgresUrl });
  project.provide('almanac', { url, apiKey, databaseUrl });
  return stop;
}
