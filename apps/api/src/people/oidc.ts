/**
 * Signing in through an OpenID provider: authorization code with PKCE, state and nonce (openid-client does the protocol and
 * checks the ID token). What has to be remembered between the way there and the way back lies in a cookie of this browser alone.
 */
import type { OidcSettings } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import * as client from 'openid-client';

/** Who the provider says it is. */
export interface Claims {
  issuer: string;
  subject: string;
  /** Small; null where the provider names none. */
  email: string | null;
  /** The provider has made sure that the address is theirs. */
  verified: boolean;
  name: string;
}

interface Pending {
  state: string;
  nonce: string;
  verifier: string;
  returnTo: string;
}

const MOST_NAME = 100;

export class Oidc {
  private discovered: Promise<client.Configuration> | undefined;

  constructor(readonly settings: OidcSettings) {}

  /** Asked when it is first needed, and again after it has failed: a provider may start later than we do. */
  private configuration(): Promise<client.Configuration> {
    this.discovered ??= this.discover().catch((cause: unknown) => {
      this.discovered = undefined;
      throw new AlmanacError('OIDC_UNREACHABLE', `${this.settings.name} does not answer as an OpenID provider.`, {
        hint: `Sign in with a password, or try again. Does ${this.settings.issuer} answer at /.well-known/openid-configuration?`,
        status: 503,
        cause,
      });
    });
    return this.discovered;
  }

  private async discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    // The settings allow plain HTTP on loopback alone.
    const execute = issuer.startsWith('http:') ? [client.allowInsecureRequests] : [];
    const found = await client.discovery(new URL(issuer), clientId, undefined, client.None(), { execute });
    if (clientSecret === undefined) return found;
    const provider = found.serverMetadata();
    // By the specification a provider that says nothing takes the first.
    const basic = provider.token_endpoint_auth_methods_supported?.includes('client_secret_basic') ?? true;
    const secret = basic ? client.ClientSecretBasic(clientSecret) : client.ClientSecretPost(clientSecret);
    const configuration = new client.Configuration(provider, clientId, undefined, secret);
    for (const act of execute) act(configuration);
    return configuration;
  }

  /** @returns where the browser goes, and what its cookie is to hold @throws AlmanacError OIDC_UNREACHABLE */
  async begin(redirectUri: string, returnTo: string): Promise<{ location: string; pending: string }> {
    const configuration = await this.configuration();
    const verifier = client.randomPKCECodeVerifier();
    const pending: Pending = { state: client.randomState(), nonce: client.randomNonce(), verifier, returnTo };
    const location = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.settings.scopes,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: pending.state,
      nonce: pending.nonce,
    });
    return { location: location.href, pending: Buffer.from(JSON.stringify(pending)).toString('base64url') };
  }

  /** @param address to which the provider sent the browser back @throws whatever the provider or the checks say */
  async finish(address: URL, cookie: string): Promise<{ claims: Claims; returnTo: string }> {
    const pending = JSON.parse(Buffer.from(cookie, 'base64url').toString()) as Pending;
    const configuration = await this.configuration();
    const tokens = await client.authorizationCodeGrant(configuration, address, {
      pkceCodeVerifier: pending.verifier,
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims()!;
    // Providers may keep the address out of the ID token.
    const more =
      claims['email'] === undefined ? await client.fetchUserInfo(configuration, tokens.access_token, claims.sub).catch(() => ({})) : {};
    const { email, email_verified: verified, name } = { ...more, ...claims } as Record<string, unknown>;
    const mail = typeof email === 'string' ? email.toLowerCase() : null;
    return {
      claims: {
        issuer: claims.iss,
        subject: claims.sub,
        email: mail,
        verified: verified === true || verified === 'true',
        name: (typeof name === 'string' && name.trim() ? name.trim() : (mail ?? claims.sub)).slice(0, MOST_NAME),
      },
      returnTo: pending.returnTo,
    };
  }
}
