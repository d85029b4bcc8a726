/**
 * Where the API is and which key opens it: the flags, then ALMANAC_URL and ALMANAC_API_KEY, then the
 * `connection.json` that `npm start` leaves in its data folder.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Connection {
  url: string;
  apiKey: string | undefined;
  /** Where the address came from, for an error message. */
  from: string;
}

/** Something the person at the terminal can put right. */
export class UsageError extends Error {}

/** The folder of the code: a relative ALMANAC_HOME is meant from here, as npm start takes it. */
const codeRoot = fileURLToPath(new URL('../../..', import.meta.url));

function readConnectionFile(home: string): { url?: string; apiKey?: string } {
  let text: string;
  try {
    text = readFileSync(join(home, 'connection.json'), 'utf8');
  } catch {
    return {};
  }
  try {
    return JSON.parse(text) as { url?: string; apiKey?: string };
  } catch {
    throw new UsageError(`${join(home, 'connection.json')} is not JSON. Start Almanac again (npm start); it writes the file anew.`);
  }
}

export function findConnection(flags: { url?: string | undefined; apiKey?: string | undefined }, env: NodeJS.ProcessEnv): Connection {
  const file = readConnectionFile(resolve(codeRoot, env['ALMANAC_HOME'] ?? '.almanac'));
  const [url, from] = flags.url
    ? [flags.url, '--url']
    : env['ALMANAC_URL']
      ? [env['ALMANAC_URL'], 'ALMANAC_URL']
      : file.url
        ? [file.url, 'connection.json']
        : ['http://127.0.0.1:3000', 'the default'];
  if (!URL.canParse(url)) throw new UsageError(`${from} is not an address: "${url}". Give one like http://127.0.0.1:3000.`);
  return { url, from, apiKey: flags.apiKey ?? env['ALMANAC_API_KEY'] ?? file.apiKey };
}

// The CLI reaches libs/contracts alone, so that it can be installed without the platform: it reads its own variables, here only.
// eslint-disable-next-line no-restricted-properties
export const environment = (): NodeJS.ProcessEnv => process.env;
