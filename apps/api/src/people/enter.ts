/**
 * Who comes in through an OpenID provider: whoever was here by it before; whoever has a user with the address that the provider
 * has verified; whoever is invited by that address, or has one of a domain that the operator lets in. Nobody else.
 */
import type { OidcSettings } from '@almanac/platform';
import type { Acting, Store, UserRecord } from '@almanac/store';
import type { Claims } from './oidc.js';

/** What the sign-in page says then. */
export type Refusal = 'OIDC_NOT_INVITED' | 'OIDC_EMAIL_UNVERIFIED';

/** @param store of the default workspace, into which a domain leads @returns the user, or why there is none */
export async function enter(
  store: Store,
  { domains, role }: Pick<OidcSettings, 'domains' | 'role'>,
  claims: Claims,
  from: Omit<Acting, 'actor'>,
): Promise<UserRecord | Refusal> {
  return store.transaction(async (inside) => {
    const { issuer, subject, email, verified, name } = claims;
    const known = await inside.users.findByIdentity(issuer, subject);
    if (email === null || !verified) return known ?? 'OIDC_EMAIL_UNVERIFIED';
    const invitations = await inside.members.openInvitations(email);
    const fromDomain = domains.includes(email.split('@').at(-1)!);
    let user = known ?? (await inside.users.findByEmail(email));
    const isNew = user === null;
    if (!user && invitations.length === 0 && !fromDomain) return 'OIDC_NOT_INVITED';
    user ??= await inside.users.create({ email, name, passwordHash: null });
    if (!known) await inside.users.addIdentity(user.id, issuer, subject);
    const own = inside.by({ ...from, actor: { kind: 'user', id: user.id, name: user.email } });
    for (const { id } of invitations) await own.members.accept(id, user.id);
    // Of a new user only: whoever was removed does not come back by the same door.
    if (isNew && invitations.length === 0) await own.members.put(user.id, role);
    return user;
  });
}
