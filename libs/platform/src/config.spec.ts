import { describe, expect, it } from 'vitest';
import { loadConfig, requireDatabaseUrl } from './config.js';
import { refusePlainHttp } from './people.js';

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return 'no error';
};

describe('configuration', () => {
  it('needs no variable, and then listens on loopback only', () => {
    const config = loadConfig({});
    expect(config.http).toEqual({ host: '127.0.0.1', port: 3000, tls: undefined, plain: false, publicUrl: undefined });
    expect(config.queueDriver).toBe('pg-boss');
    expect(config.home.endsWith('/.almanac')).toBe(true);
    expect(config.threads).toBeGreaterThan(0);
  });

  it('takes Bull when there is a Redis', () => {
    expect(loadConfig({ REDIS_URL: 'redis://localhost:6379' }).queueDriver).toBe('bull');
  });

  it('takes the usual names of port and log level where ours are not set', () => {
    expect(loadConfig({ PORT: '8080', LOG_LEVEL: 'WARN' })).toMatchObject({ http: { port: 8080 }, logLevel: 'warn' });
    expect(loadConfig({ PORT: '8080', ALMANAC_PORT: '3001', LOG_LEVEL: 'warn', ALMANAC_LOG_LEVEL: 'debug' })).toMatchObject({
      http: { port: 3001 },
      logLevel: 'debug',
    });
    expect(codeOf(() => loadConfig({ LOG_LEVEL: 'loud' }))).toMatch(
      /^CONFIG_INVALID: The environment variable LOG_LEVEL must be one of silent/,
    );
  });

  it('reads a blank variable as unset', () => {
    expect(loadConfig({ REDIS_URL: '', ALMANAC_PORT: '' })).toMatchObject({ redisUrl: undefined, http: { port: 3000 } });
  });

  it('takes what is set for people, and names what is missing or wrong of it', () => {
    const oidc = { ALMANAC_OIDC_ISSUER: 'https://login.example.org/realm', ALMANAC_OIDC_CLIENT_ID: 'almanac' };
    expect(loadConfig({}).people).toEqual({ idleSeconds: 259_200, lifeSeconds: 1_209_600, oidc: undefined });
    expect(loadConfig({ ...oidc, ALMANAC_OIDC_DOMAINS: 'Example.org, example.com' }).people.oidc).toEqual({
      ...{ issuer: oidc.ALMANAC_OIDC_ISSUER, clientId: 'almanac', clientSecret: undefined, name: 'login.example.org' },
      ...{ scopes: 'openid email profile', domains: ['example.org', 'example.com'], role: 'viewer' },
    });
    expect(loadConfig({ ALMANAC_PUBLIC_URL: 'https://almanac.example.org/' }).http.publicUrl).toBe('https://almanac.example.org');
    for (const [variable, env] of Object.entries({
      ALMANAC_OIDC_CLIENT_ID: { ALMANAC_OIDC_ISSUER: oidc.ALMANAC_OIDC_ISSUER },
      ALMANAC_OIDC_ISSUER: { ...oidc, ALMANAC_OIDC_ISSUER: 'http://login.example.org' },
      ALMANAC_OIDC_DOMAINS: { ...oidc, ALMANAC_OIDC_DOMAINS: '@example.org' },
      ALMANAC_OIDC_ROLE: { ...oidc, ALMANAC_OIDC_ROLE: 'owner' },
      ALMANAC_TLS_KEY: { ALMANAC_TLS_CERT: 'cert.pem' },
      ALMANAC_PLAIN_HTTP: { ALMANAC_PLAIN_HTTP: 'yes' },
      ALMANAC_SESSION_DAYS: { ALMANAC_SESSION_DAYS: '0' },
    }))
      expect(codeOf(() => loadConfig(env))).toMatch(new RegExp(`^CONFIG_INVALID: .*${variable}`));
  });

  it('refuses plain HTTP off loopback unless something else keeps it from being read', () => {
    const refused = (env: Record<string, string>, behindProxy = false): string =>
      codeOf(() => refusePlainHttp(loadConfig({ ALMANAC_HOST: '0.0.0.0', ...env }).http, behindProxy));
    expect(refused({})).toMatch(/^PLAIN_HTTP_REFUSED: On 0\.0\.0\.0/);
    expect(refused({}, true)).toBe('no error');
    expect(refused({ ALMANAC_PLAIN_HTTP: '1' })).toBe('no error');
    expect(refused({ ALMANAC_TLS_CERT: 'c', ALMANAC_TLS_KEY: 'k' })).toBe('no error');
    for (const host of ['localhost', '127.0.0.1', '::1']) expect(refused({ ALMANAC_HOST: host })).toBe('no error');
  });

  it('takes a bucket with what is needed to reach it', () => {
    expect(loadConfig({}).objectsBucket).toBeUndefined();
    expect(
      loadConfig({
        ALMANAC_OBJECTS_URL: 's3://data/almanac/prod/',
        ALMANAC_S3_ENDPOINT: 'http://minio:9000',
        ALMANAC_S3_REGION: 'eu-central-1',
      }).objectsBucket,
    ).toEqual({ bucket: 'data', prefix: 'almanac/prod', endpoint: 'http://minio:9000', region: 'eu-central-1' });
    expect(loadConfig({ ALMANAC_OBJECTS_URL: 's3://data' }).objectsBucket).toMatchObject({
      bucket: 'data',
      prefix: '',
      region: 'us-east-1',
    });
  });

  it.each([
    [
      { ALMANAC_OBJECTS_URL: '/data/objects' },
      'The environment variable ALMANAC_OBJECTS_URL must be the address of a bucket, e.g. s3://bucket/prefix.',
    ],
    [{ ALMANAC_PORT: 'many' }, 'The environment variable ALMANAC_PORT must be a whole number.'],
    [{ ALMANAC_TURN_SECONDS: '0' }, 'The environment variable ALMANAC_TURN_SECONDS must be at least 1.'],
    [{ ALMANAC_PORT: '70000' }, 'The environment variable ALMANAC_PORT must be at most 65535.'],
    [{ DATABASE_URL: 'mysql://x' }, 'The environment variable DATABASE_URL must be a URL that starts with postgres:// or postgresql://.'],
    [{ ALMANAC_ENGINE: 'abacus' }, 'The environment variable ALMANAC_ENGINE must be one of tensorflow, wasm.'],
  ])('names the variable at fault: %o', (env, message) => {
    expect(codeOf(() => loadConfig(env))).toBe(`CONFIG_INVALID: ${message}`);
  });

  it('says how to give a database where one is needed', () => {
    expect(codeOf(() => requireDatabaseUrl(loadConfig({})))).toContain('DATABASE_URL is not set');
  });
});
