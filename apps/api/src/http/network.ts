/** From where a request comes, as limits count it. */
import ipaddr from 'ipaddr.js';

/** Of IPv6 the first 64 bits: a single subscriber has all addresses that begin with them, and would have a limit for each. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${(parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
