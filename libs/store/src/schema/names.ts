/** Names of the roles, and statements that a server may refuse. */
import type { ClientBase } from 'pg';

export const APP_ROLE = 'almanac_app';
export const READER_ROLE = 'almanac_reader';

/** @returns false where it failed with one of these SQLSTATEs */
export async function tolerant(client: ClientBase, sql: string, codes: readonly string[]): Promise<boolean> {
  try {
    await client.query(sql);
    return true;
  } catch (error) {
    if (codes.includes((error as { code?: string }).code ?? '')) return false;
    throw error;
  }
}
