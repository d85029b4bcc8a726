import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlmanacClient, ApiError, buildPath, createClient } from './client.js';
import { endpoints } from './endpoints.js';

const said = (detail: string, hint?: string): string =>
  new ApiError({ type: 'about:blank', title: 'Bad Request', status: 400, code: 'INVALID', detail, ...(hint ? { hint } : {}) }).message;

describe('ApiError', () => {
  it('says detail and hint as two sentences', () => {
    expect(said('body.cutoff: Invalid ISO datetime', 'Look it up.')).toBe('body.cutoff: Invalid ISO datetime. Look it up.');
    expect(said('There is none.', 'Look it up.')).toBe('There is none. Look it up.');
    expect(said('Invalid ISO datetime')).toBe('Invalid ISO datetime');
  });
});

describe('the address of a series', () => {
  const addressOf = (uniqueId: string): string => buildPath(endpoints.getObservations, { params: { dataset: 'd', uniqueId } });

  it.each(['a/b', '50% off?', '#1', '%2F', '..%2f', 'a&b=c', 'Zu\u0308rich', 'Z\u00fcrich', '+49 30', '...', '-', 'a/../b', ' ', '\\'])(
    'carries the id %j through what clients make of addresses',
    (uniqueId) => {
      const { pathname, search } = new URL(addressOf(uniqueId), 'http://almanac');
      expect(pathname.split('/').map(decodeURIComponent)).toEqual(['', 'v1', 'datasets', 'd', 'series', uniqueId, 'observations']);
      expect(search).toBe('');
    },
  );

  it.each(['.', '..'])('has an id of dots, %j, in the query: a client would take it for a folder', (uniqueId) => {
    const { pathname, searchParams } = new URL(addressOf(uniqueId), 'http://almanac');
    expect(pathname).toBe('/v1/datasets/d/series/-/observations');
    expect(searchParams.getAll('uniqueId')).toEqual([uniqueId]);
  });

  it('repeats what is given several times', () => {
    expect(buildPath(endpoints.latestForecasts, { query: { uniqueId: ['Smith, Ltd', 'a&b'], model: undefined } })).toBe(
      '/v1/forecasts/latest?uniqueId=Smith%2C+Ltd&uniqueId=a%26b',
    );
  });
});

describe('an upload of a stream', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  let received: { type: string; bytes: number; head: string; tail: string };
  const server = createServer((request, response) => {
    received = { type: request.headers['content-type']!, bytes: 0, head: '', tail: '' };
    request.on('data', (data: Buffer) => {
      if (received.head.length < 1000) received.head += data.toString('latin1', 0, 1000);
      received.bytes += data.length;
      received.tail = (received.tail + data.toString('latin1')).slice(-60);
    });
    const id = '01a220f4-863d-7000-b1ae-85f19d515cd3';
    request.on('end', () => response.end(JSON.stringify({ uploadId: id, runId: id, dataset: 'd' })));
  });
  let client: AlmanacClient;
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    client = createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: 'k' });
  });
  afterAll(() => void server.close());

  it('is a form with the options before the file, under a name that cannot end its line', async () => {
    const content = (async function* () {
      yield Buffer.from('unique_id,ds,y\n');
    })();
    expect(await client.uploadStream(content, 'a"b\r\nc.csv', { dataset: 'd' })).toMatchObject({ dataset: 'd' });
    expect(received.head).toMatch(
      /name="options"\r\n\r\n\{"dataset":"d"\}\r\n--[^\r]+\r\ncontent-disposition: form-data; name="file"; filename="a%22b%0D%0Ac.csv"/,
    );
    expect(received.tail).toContain(`\r\n--${received.type.split('boundary=')[1]}--\r\n`);
  });

  it('holds no more than what is on its way', async () => {
    let held = 0;
    const content = (async function* () {
      for (let i = 0; i < 200; i += 1) yield Buffer.alloc(1 << 20, 'x');
      collectGarbage();
      held = process.memoryUsage().arrayBuffers;
    })();
    await client.uploadStream(content, 'large.csv', { dataset: 'd' });
    expect(received.bytes).toBeGreaterThan(200 << 20);
    expect(held).toBeLessThan(100 << 20);
  });

  it('fails with what its content fails with', async () => {
    // eslint-disable-next-line require-yield -- it breaks off before it has anything
    const content = (async function* (): AsyncGenerator<Uint8Array> {
      throw new Error('the disk is gone');
    })();
    await expect(client.uploadStream(content, 'a.csv', { dataset: 'd' })).rejects.toMatchObject({ cause: { message: 'the disk is gone' } });
  });
});
