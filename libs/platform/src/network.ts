/**
 * Whom a user's address may lead to, from inside the operator's network.
 * Invariants: public addresses and the networks that the operator allows, nothing else; what is checked is the address that is connected
 * to, so a name that changes its mind between check and connection gains nothing.
 */
import { lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface Reach {
  /** Networks (CIDR) that are allowed though they are private. */
  readonly networks: readonly string[];
  /** By which the operator allows them. */
  readonly variable: string;
}

/** All of IPv6 that was ever given to anybody; outside of it lie forms of addresses of IPv4 (`::127.0.0.1`) and what is local. */
const GLOBAL = ipaddr.IPv6.parse('2000::');

export function isAllowed(address: string, networks: readonly string[]): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL, 3))) return true;
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match(base as ipaddr.IPv4, bits);
  });
}

export class PrivateAddress extends Error {
  constructor(hostname: string, address: string, { variable }: Reach) {
    super(`${hostname} is ${address === hostname ? '' : `${address}, `}a private address; the operator can allow it (${variable}).`);
  }
}

/** For a host that is an address itself, which is connected to without a lookup; undefined where nothing is to be said. */
export function refuseLiteral(hostname: string, reach: Reach): PrivateAddress | undefined {
  const literal = hostname.replace(/^\[|\]$/g, '');
  return isIP(literal) !== 0 && !isAllowed(literal, reach.networks) ? new PrivateAddress(hostname, hostname, reach) : undefined;
}

/** In place of the system's, where a connection is made. */
export function lookupWithin(reach: Reach): LookupFunction {
  return (hostname, how, callback) =>
    resolve(hostname, { ...how, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const bad = addresses.find(({ address }) => !isAllowed(address, reach.networks));
      if (bad) return callback(new PrivateAddress(hostname, bad.address, reach), '', 0);
      if (how.all) return callback(null, addresses);
      return callback(null, addresses[0]!.address, addresses[0]!.family);
    });
}
