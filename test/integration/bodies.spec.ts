/** Bodies against the real API with a heap of 256 MB: refused before they are read, measured before they are parsed. */
import { problem, type Problem } from '@almanac/contracts';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';

const MEGABYTE = 1 << 20;
/** Just below what the route takes. */
const MOST = 31 * MEGABYTE;

let almanac: RunningAlmanac;
let readKey: string;

beforeAll(async () => {
  almanac = await startAlmanac({ NODE_OPTIONS: '--max-old-space-size=256' });
  readKey = (await almanac.client.call('createApiKey', { body: { name: 'reader', scopes: ['read'] } })).key;
});
afterAll(() => almanac?.stop());

/** Sends the head of a request, and not a byte of the body that it promises. */
async function answerToHead(path: string, headers: Record<string, string | number>): Promise<{ status: number; code: string }> {
  const { hostname, port } = new URL(almanac.url);
  const socket = connect(Number(port), hostname);
  const head = [`POST ${path} HTTP/1.1`, `host: ${hostname}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const text = await new Promise<string>((resolve, reject) => {
    let so = '';
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      so += piece;
      if (/\r\n\r\n.*\}/s.test(so)) resolve(so);
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(so));
  });
  socket.destroy();
  return { status: Number(text.split(' ')[1]), code: /"code":"(\w+)"/.exec(text)?.[1] ?? text };
}

const json = { 'content-type': 'application/json', 'content-length': MOST };
it.each<[string, string, () => Record<string, string | number>, number, string]>([
  ['no key', '/v1/forecast', () => json, 401, 'API_KEY_MISSING'],
  ['an unknown key', '/v1/forecast', () => ({ ...json, authorization: 'Bearer alm_guessed' }), 401, 'API_KEY_UNKNOWN'],
  ['a key without the scope', '/v1/forecast', () => ({ ...json, authorization: `Bearer ${readKey}` }), 403, 'SCOPE_MISSING'],
  ['an upload without a key', '/v1/uploads', () => ({ 'content-length': MOST }), 401, 'API_KEY_MISSING'],
  ['a body too large for the route', '/v1/train', () => ({ ...json, authorization: `Bearer ${almanac.apiKey}` }), 413, 'REQUEST_TOO_LARGE'],
  [
    'a type that is not read',
    '/v1/train',
    () => ({ 'content-type': 'text/xml', 'content-length': 100, authorization: `Bearer ${almanac.apiKey}` }),
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  ['a path that is not served', '/v1/nothing', () => json, 404, 'NOT_FOUND'],
])('refuses %s before a byte of the body has come', async (_, path, headers, status, code) => {
  expect(await answerToHead(path, headers())).toEqual({ status, code });
});

async function send(body: string, key: string | undefined, path = '/v1/forecast'): Promise<{ status: number; problem: Problem }> {
  const answer = await fetch(almanac.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) },
    body,
  });
  return { status: answer.status, problem: problem.parse(await answer.json()) };
}
const filled = (open: string, piece: string, close: string, bytes = MOST): string =>
  open + piece.repeat(Math.floor((bytes - open.length - close.length) / piece.length)) + close;

it('lives through ten bodies of 31 MB without a key at once, and through every kind of bomb with one', async () => {
  const empties = filled('{"series":[{}', ',{}', ']}');
  for (const { status } of await Promise.all(Array.from({ length: 10 }, () => send(empties, undefined)))) expect(status).toBe(401);

  const bombs = [
    empties,
    filled('{"series":[[]', ',[]', ']}'),
    filled('{"series":[{"uniqueId":"a","start":"2024-01-01","y":[1', ',1', ']}]}'),
    filled('{"series":[""', ',""', ']}'),
    filled(`{"series":{"a":{}`, ',"b":{}', '}}'),
  ];
  for (const bomb of bombs) expect((await send(bomb, almanac.apiKey)).problem).toMatchObject({ status: 413, code: 'REQUEST_TOO_LARGE' });
  expect((await send('['.repeat(100_000), almanac.apiKey)).problem).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });

  expect(await almanac.client.call('health', {})).toMatchObject({ status: 'ok' });
  expect(almanac.dead()).toBe(0);
});

it('names the first hundred faults of a long list of bad series, and says that there are more', async () => {
  const bad = filled('{"series":[{"y":[]}', ',{"uniqueId":7,"start":"2024-01-01","y":["x"]}', ']}', 2 * MEGABYTE);
  const { problem: refusal } = await send(bad, almanac.apiKey);
  expect(refusal).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  expect(refusal.subject?.['issues']).toHaveLength(100);
  expect(refusal.subject?.['issues']).toContainEqual({ at: 'body.series.0.uniqueId', problem: expect.stringContaining('text') });
  expect(refusal.subject?.['issues']).toContainEqual({ at: 'body.series.1.y.0', problem: expect.stringContaining('string') });
});

it('counts a long list before it looks at what is in it', async () => {
  const rows = filled('[7', ',7', ']', 200_000);
  expect((await send(rows, almanac.apiKey, '/v1/datasets/any/observations')).problem).toMatchObject({
    status: 413,
    code: 'LIST_TOO_LONG',
    subject: { at: 'body', most: 50_000 },
  });
});
