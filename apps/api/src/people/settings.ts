/** How people come in, as the configuration has it. */
import { type Config, isLoopback, isProxied, type OidcSettings } from '@almanac/platform';

export interface PeopleSettings {
  /** Cookies go over HTTPS alone: certificates are ours, or a declared proxy's. */
  readonly secure: boolean;
  /** Nothing but this machine reaches the API. */
  readonly loopback: boolean;
  /** A session ends when nobody used it for so long, and after its life in any case. */
  readonly idleSeconds: number;
  readonly lifeSeconds: number;
  /** Where people reach the dashboard, e.g. https://almanac.example.org; unless given, where a request came to. */
  readonly publicUrl: string | undefined;
  readonly oidc: OidcSettings | undefined;
}

export const PEOPLE_DEFAULTS: PeopleSettings = {
  secure: false,
  loopback: true,
  idleSeconds: 72 * 3600,
  lifeSeconds: 14 * 86_400,
  publicUrl: undefined,
  oidc: undefined,
};

export function peopleSettings(config: Config): PeopleSettings {
  const { http, people } = config;
  const proxied = isProxied(config);
  return {
    // A proxy that is declared is taken to have a certificate, unless the address of the dashboard says otherwise.
    secure: http.tls !== undefined || (http.publicUrl === undefined ? proxied : http.publicUrl.startsWith('https:')),
    loopback: isLoopback(http.host) && !proxied,
    publicUrl: http.publicUrl,
    ...people,
  };
}
