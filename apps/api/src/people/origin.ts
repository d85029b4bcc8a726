/**
 * Whether a page of ours asks. A browser says where a request comes from (`Sec-Fetch-Site`, on plain HTTP beyond loopback `Origin`
 * alone), and no page can make it say otherwise.
 */
import { AlmanacError } from '@almanac/series';
import type { FastifyRequest } from 'fastify';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
export const changes = ({ method }: FastifyRequest): boolean => !SAFE.has(method);

/** Undefined where it says nothing, as what is no browser does. */
export function comesFromUs({ headers, host }: FastifyRequest, publicUrl: string | undefined): boolean | undefined {
  const { 'sec-fetch-site': site, origin } = headers;
  if (site !== undefined) return site === 'same-origin';
  if (origin === undefined) return undefined;
  if (!URL.canParse(origin)) return false;
  return new URL(origin).host === host || (publicUrl !== undefined && origin === new URL(publicUrl).origin);
}

export const crossSite = (): AlmanacError =>
  new AlmanacError('CROSS_SITE', 'A page of another site asked this in the name of somebody who is signed in here.', {
    hint: 'Ask from the dashboard, or with an API key. Behind a proxy, set ALMANAC_TRUST_PROXY and ALMANAC_PUBLIC_URL.',
    status: 403,
  });
