/** How people come in, as the configuration has it. */
import { type Config, isLoopback } from '@almanac/platform';

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
}

const DAY = 86_400;

export const PEOPLE_DEFAULTS: PeopleSettings = {
  secure: false,
  loopback: true,
  idleSeconds: 3 * DAY,
  lifeSeconds: 14 * DAY,
  publicUrl: undefined,
};

export const peopleSettings = ({ http }: Config): PeopleSettings => ({ ...PEOPLE_DEFAULTS, loopback: isLoopback(http.host) });
