/** What every command gets: the typed client, and the two ways to print. */
import { type AlmanacClient, createClient } from '@almanac/contracts';
import { type Command, Option } from 'commander';
import { type Connection, environment, findConnection } from './connection.js';

export interface GlobalOptions {
  url?: string;
  apiKey?: string;
  json?: boolean;
}

export interface Context {
  client: AlmanacClient;
  connection: Connection;
  /** JSON was asked for: results go to stdout as JSON, everything else to stderr. */
  json: boolean;
}

export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  const connection = findConnection(options, environment());
  const client = createClient({ baseUrl: connection.url, ...(connection.apiKey ? { apiKey: connection.apiKey } : {}) });
  return { client, connection, json: options.json ?? false };
}

export interface IfMatch {
  ifMatch?: string;
}

/** For changes that somebody decides on by what they have read. */
export const ifMatchOption = (of = 'of what you have read'): Option =>
  new Option('--if-match <etag>', `only if nobody has changed it since: the etag ${of}, as --json prints it`);
