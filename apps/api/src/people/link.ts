/** Links that sign in without a password are for whoever sits at the machine, and for nobody else. */
import { isLoopback } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import type { FastifyRequest } from 'fastify';
import type { PeopleSettings } from './settings.js';

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/**
 * A proxy on this machine asks from loopback, too: what it adds to a request, or a name in `Host` that is none of this machine,
 * gives it away.
 * @throws AlmanacError NOT_ON_LOOPBACK
 */
export function fromThisMachine({ socket, headers, hostname }: FastifyRequest, { loopback }: PeopleSettings): void {
  const { remoteAddress } = socket;
  const here = loopback && isLoopback(remoteAddress ?? '') && isLoopback(hostname);
  if (here && !FORWARDED.some((name) => headers[name] !== undefined)) return;
  throw new AlmanacError('NOT_ON_LOOPBACK', 'Links that sign in are for a browser on the machine of an Almanac that nobody else reaches.', {
    hint: 'Sign in with a password; almanac admin user EMAIL makes one at the machine.',
    status: 403,
  });
}
