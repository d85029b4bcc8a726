import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findConnection, UsageError } from './connection.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'almanac-cli-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const write = (text: string): void => writeFileSync(join(home, 'connection.json'), text);

describe('where the API is', () => {
  it('is said by the flags, else by the environment, else by what npm start left, else by the default', () => {
    const env = { ALMANAC_HOME: home, ALMANAC_URL: 'http://b:1', ALMANAC_API_KEY: 'key-b' };
    write('{"url":"http://c:1","apiKey":"key-c"}');
    expect(findConnection({ url: 'http://a:1', apiKey: 'key-a' }, env)).toMatchObject({ url: 'http://a:1', apiKey: 'key-a' });
    expect(findConnection({}, env)).toMatchObject({ url: 'http://b:1', apiKey: 'key-b' });
    expect(findConnection({}, { ALMANAC_HOME: home })).toMatchObject({ url: 'http://c:1', apiKey: 'key-c', from: 'connection.json' });
    rmSync(join(home, 'connection.json'));
    expect(findConnection({}, { ALMANAC_HOME: home })).toEqual({ url: 'http://127.0.0.1:3000', apiKey: undefined, from: 'the default' });
  });

  it('is refused where it is no address, with where it came from', () => {
    expect(() => findConnection({}, { ALMANAC_HOME: home, ALMANAC_URL: 'localhost' })).toThrow(UsageError);
    expect(() => findConnection({}, { ALMANAC_HOME: home, ALMANAC_URL: 'localhost' })).toThrow(/ALMANAC_URL/);
    write('{torn');
    expect(() => findConnection({}, { ALMANAC_HOME: home })).toThrow(/connection\.json/);
  });
});
