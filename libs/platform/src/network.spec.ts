import { expect, it } from 'vitest';
import { isAllowed, refuseLiteral } from './network.js';

/** As `new URL` writes the hosts that somebody may give. */
const hostOf = (host: string): string => new URL(`https://${host}/`).hostname;

it.each([
  ...['127.0.0.1', '127.1', '2130706433', '0x7f.1', '017700000001', '①②⑦.0.0.1', '127。0。0。1'],
  ...[
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ],
  ...[
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[::10.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
  ],
  ...['[2001:0:7f00:1::]', '[fe80::1]', '[fec0::1]', '[fd00::1]', '[ff02::1]', '[2001:db8::1]', '[5f00::1]', '[4000::1]'],
])('%s leads nowhere', (host) => {
  expect(refuseLiteral(hostOf(host), { networks: [], variable: 'X' })?.message).toMatch(/private address/);
});

it.each(['8.8.8.8', '[2606:4700::1111]', '[::ffff:8.8.8.8]', '[2a00:1450:4001::1]'])('%s is public', (host) => {
  expect(refuseLiteral(hostOf(host), { networks: [], variable: 'X' })).toBeUndefined();
});

it('what the operator allows is reached', () => {
  expect([isAllowed('10.1.2.3', ['10.0.0.0/8']), isAllowed('::1', ['::1/128']), isAllowed('::1', ['10.0.0.0/8'])]).toEqual([
    true,
    true,
    false,
  ]);
});
