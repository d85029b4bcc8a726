/**
 * Accepting an invitation. It is to an e-mail address: a new user gets that address, and one who is there already accepts signed
 * in with it, so that a link which went astray makes nobody else a member under a known name.
 */
import { AlmanacError } from '@almanac/series';
import type { Acting, InvitationRecord, Store, UserRecord } from '@almanac/store';
import { hashOfToken } from './doorkeeper.js';
import { hashPassword, refuseWeak } from './password.js';

const spent = (): AlmanacError =>
  new AlmanacError('INVITATION_SPENT', 'This invitation was accepted, taken back, or is too old.', {
    hint: 'Ask whoever invited you for another one.',
    status: 404,
  });

/** @throws AlmanacError INVITATION_SPENT */
export async function invitationOf(store: Store, token: string): Promise<InvitationRecord & { workspaceId: string; workspace: string }> {
  const found = await store.members.findInvitation(hashOfToken(token));
  if (!found) throw spent();
  return found;
}

/**
 * @param signedIn who asks, where somebody is signed in
 * @param from what the audit log keeps beside the user
 * @returns the id of the new member
 * @throws AlmanacError INVITATION_SPENT, INVITATION_OF_OTHER, SIGN_IN_FIRST, REQUEST_INVALID, PASSWORD_WEAK
 */
export async function acceptAs(
  store: Store,
  given: { token: string; name?: string | undefined; password?: string | undefined },
  signedIn: UserRecord | undefined,
  from: Omit<Acting, 'actor'>,
): Promise<string> {
  const { id, email } = await invitationOf(store, given.token);
  if (signedIn && signedIn.email !== email)
    throw new AlmanacError('INVITATION_OF_OTHER', `The invitation is to ${email}, and ${signedIn.email} is signed in.`, {
      hint: 'Sign out first, or ask for an invitation to your address.',
      subject: { email },
      status: 409,
    });
  if (!signedIn && (await store.users.findByEmail(email)))
    throw new AlmanacError('SIGN_IN_FIRST', `There is a user with the address ${email}.`, {
      hint: 'Sign in with it, and open the link again.',
      subject: { email },
      status: 409,
    });
  const { name, password } = given;
  if (!signedIn && (name === undefined || password === undefined))
    throw new AlmanacError('REQUEST_INVALID', 'A new user needs a name and a password.', { hint: 'Send name and password.' });
  if (!signedIn) await refuseWeak(password!, [email, name!]);
  const passwordHash = signedIn ? null : await hashPassword(password!);
  return store.transaction(async (inside) => {
    const userId = signedIn?.id ?? (await inside.users.create({ email, name: name!, passwordHash })).id;
    const actor = { kind: 'user', id: userId, name: email } as const;
    if (!(await inside.by({ ...from, actor }).members.accept(id, userId))) throw spent();
    return userId;
  });
}
