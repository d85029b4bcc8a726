/** What the environment says about how people come in and over what; part of `config.ts`. */
import { AlmanacError } from '@almanac/series';
import { z } from 'zod';
import { isLoopback } from './loopback.js';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined: a public client, which PKCE alone protects. */
  readonly clientSecret: string | undefined;
  /** As the sign-in page calls it. */
  readonly name: string;
  readonly scopes: string;
  /** Whoever has an address there comes in without an invitation, */
  readonly domains: readonly string[];
  /** with this role in the default workspace. */
  readonly role: 'viewer' | 'editor' | 'admin';
}

export interface PeopleConfig {
  readonly idleSeconds: number;
  readonly lifeSeconds: number;
  readonly oidc: OidcSettings | undefined;
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Plain HTTP off loopback is meant: another program sees to it that nobody listens in. */
  readonly plain: boolean;
  /** Where people reach the dashboard, without a slash at the end. */
  readonly publicUrl: string | undefined;
}

const HOUR = 3600;
const DAY = 24 * HOUR;
const secureUrl = z
  .string()
  .refine(
    (text) =>
      URL.canParse(text) && (new URL(text).protocol === 'https:' || (text.startsWith('http:') && isLoopback(new URL(text).hostname))),
    'must be a URL that starts with https:// (http:// on loopback alone)',
  );
const flag = z.enum(['0', '1'], { error: 'must be 1 or 0' }).transform((value) => value === '1');
const days = (most: number): z.ZodType<number> =>
  z.coerce
    .number({ error: 'must be a whole number' })
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(most, `must be at most ${most}`);

export const PEOPLE_ENVIRONMENT = {
  ALMANAC_PUBLIC_URL: z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be a URL that starts with https:// or http://')
    .transform((text) => new URL(text).origin)
    .optional(),
  ALMANAC_TLS_CERT: z.string().optional(),
  ALMANAC_TLS_KEY: z.string().optional(),
  ALMANAC_PLAIN_HTTP: flag.optional(),
  ALMANAC_SESSION_IDLE_HOURS: days(24 * 90).optional(),
  ALMANAC_SESSION_DAYS: days(90).optional(),
  ALMANAC_OIDC_ISSUER: secureUrl.optional(),
  ALMANAC_OIDC_CLIENT_ID: z.string().optional(),
  ALMANAC_OIDC_CLIENT_SECRET: z.string().optional(),
  ALMANAC_OIDC_NAME: z.string().max(40, 'must have at most 40 characters').optional(),
  ALMANAC_OIDC_SCOPES: z.string().optional(),
  ALMANAC_OIDC_DOMAINS: z
    .string()
    .transform((text) =>
      text
        .toLowerCase()
        .split(',')
        .map((one) => one.trim()),
    )
    .refine((list) => list.every((one) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(one)), 'must be domains with commas between, e.g. example.org')
    .optional(),
  ALMANAC_OIDC_ROLE: z.enum(['viewer', 'editor', 'admin'], { error: 'must be one of viewer, editor, admin' }).optional(),
};
type Values = z.output<z.ZodObject<typeof PEOPLE_ENVIRONMENT>>;

/** Both, or neither. @throws AlmanacError CONFIG_INVALID */
function pair(values: Values, one: keyof Values, other: keyof Values): boolean {
  if ((values[one] === undefined) === (values[other] === undefined)) return values[one] !== undefined;
  const [given, missing] = values[one] === undefined ? [other, one] : [one, other];
  throw new AlmanacError('CONFIG_INVALID', `The environment variable ${given} is set, and ${missing} is not.`, {
    hint: `Set ${missing} too, or neither.`,
    subject: { variable: missing },
    status: 500,
  });
}

/** @throws AlmanacError CONFIG_INVALID */
export function peopleOf(values: Values): PeopleConfig {
  const oidc = pair(values, 'ALMANAC_OIDC_ISSUER', 'ALMANAC_OIDC_CLIENT_ID');
  return Object.freeze({
    idleSeconds: (values.ALMANAC_SESSION_IDLE_HOURS ?? 72) * HOUR,
    lifeSeconds: (values.ALMANAC_SESSION_DAYS ?? 14) * DAY,
    oidc: oidc
      ? Object.freeze({
          issuer: values.ALMANAC_OIDC_ISSUER!,
          clientId: values.ALMANAC_OIDC_CLIENT_ID!,
          clientSecret: values.ALMANAC_OIDC_CLIENT_SECRET,
          name: values.ALMANAC_OIDC_NAME ?? new URL(values.ALMANAC_OIDC_ISSUER!).hostname,
          scopes: values.ALMANAC_OIDC_SCOPES ?? 'openid email profile',
          domains: Object.freeze(values.ALMANAC_OIDC_DOMAINS ?? []),
          role: values.ALMANAC_OIDC_ROLE ?? 'viewer',
        })
      : undefined,
  });
}

/** @throws AlmanacError CONFIG_INVALID */
export function httpOf(values: Values, host: string, port: number): HttpConfig {
  const tls = pair(values, 'ALMANAC_TLS_CERT', 'ALMANAC_TLS_KEY');
  return Object.freeze({
    host,
    port,
    tls: tls ? Object.freeze({ certFile: values.ALMANAC_TLS_CERT!, keyFile: values.ALMANAC_TLS_KEY! }) : undefined,
    plain: values.ALMANAC_PLAIN_HTTP ?? false,
    publicUrl: values.ALMANAC_PUBLIC_URL,
  });
}

/** A proxy before the API was declared. */
export const isProxied = ({ trustProxy }: { trustProxy: readonly string[] | number }): boolean =>
  typeof trustProxy === 'number' ? trustProxy > 0 : trustProxy.length > 0;

/** Whoever listens off loopback says what keeps passwords and keys from being read on the way. @throws AlmanacError PLAIN_HTTP_REFUSED */
export function refusePlainHttp({ host, tls, plain }: HttpConfig, behindProxy: boolean): void {
  if (isLoopback(host) || tls !== undefined || plain || behindProxy) return;
  throw new AlmanacError(
    'PLAIN_HTTP_REFUSED',
    `On ${host} the API would send passwords and keys over plain HTTP, for anybody on the way to read.`,
    {
      hint:
        'Give it a certificate (ALMANAC_TLS_CERT and ALMANAC_TLS_KEY), or declare the proxy before it that has one (ALMANAC_TRUST_PROXY); ' +
        'ALMANAC_PLAIN_HTTP=1 says that plain HTTP is meant. On 127.0.0.1 nothing is needed.',
      subject: { host },
      status: 500,
    },
  );
}
