/**
 * Signing in with a password. Unknown address and wrong password get the same answer after the same time; so many attempts an
 * account and an address have, counted in the database, before a password is looked at.
 */
import { AlmanacError, isAlmanacError } from '@almanac/series';
import type { Store } from '@almanac/store';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { networkOf } from '../http/network.js';
import { recordOwn } from './audit.js';
import { passwordFits } from './password.js';

const WINDOW_SECONDS = 15 * 60;
/** Of one account from anywhere: a guesser gets 960 a day, of passwords that are none of the first 10^8. */
const MOST_OF_ACCOUNT = 10;
/** Of one address for any account: an office behind one address may mistype, too. */
const MOST_OF_ADDRESS = 50;

const refused = (): AlmanacError =>
  new AlmanacError('SIGN_IN_REFUSED', 'The e-mail address or the password is wrong.', {
    hint: 'An admin of your workspace can invite you; whoever runs this Almanac can give you a new password (almanac admin user EMAIL).',
    status: 401,
  });

/** @throws AlmanacError TOO_MANY_SIGN_INS */
async function count(store: Store, about: string, most: number): Promise<void> {
  const seconds = await store.sessions.attempt(about, most, WINDOW_SECONDS);
  if (seconds === null) return;
  throw new AlmanacError('TOO_MANY_SIGN_INS', 'A password was tried too often.', {
    hint: `Try again in ${Math.ceil(seconds / 60)} minutes. Whoever is signed in already stays so.`,
    subject: { retryAfterSeconds: seconds },
    status: 429,
  });
}

/** @returns the id of the user @throws AlmanacError SIGN_IN_REFUSED, TOO_MANY_SIGN_INS */
export async function signIn(store: Store, email: string, password: string, request: FastifyRequest): Promise<string> {
  // An address of the network is counted as it is; one of a person is nobody's business in a table.
  const account = `account ${createHash('sha256').update(email.toLowerCase()).digest('hex')}`;
  await count(store, `address ${networkOf(request.ip)}`, MOST_OF_ADDRESS);
  await count(store, account, MOST_OF_ACCOUNT);
  const known = await store.users.passwordOf(email);
  if (!(await passwordFits(known?.hash ?? null, password))) {
    // After the answer: whether there is such a user must not show in how long it takes.
    if (known) setImmediate(() => void recordOwn(store, request, 'signInRefused', { id: known.id, email }).catch(() => undefined));
    throw refused();
  }
  await store.sessions.forgetAttempts(account);
  return known!.id;
}

/** Of somebody who is signed in; counted like a sign-in, so that a stolen session guesses none. @throws AlmanacError PASSWORD_WRONG */
export async function confirmPassword(store: Store, email: string, password: string | undefined, request: FastifyRequest): Promise<void> {
  try {
    await signIn(store, email, password ?? '', request);
  } catch (error) {
    if (!isAlmanacError(error) || error.code !== 'SIGN_IN_REFUSED') throw error;
    throw new AlmanacError('PASSWORD_WRONG', 'The current password is another one.', {
      hint: 'Whoever runs this Almanac can give you a new one (almanac admin user EMAIL).',
      status: 403,
    });
  }
}
