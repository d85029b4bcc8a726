/**
 * Passwords: argon2id with the least costs that OWASP names (19 MiB, two passes, one lane), about 30 ms of one core, off the
 * main thread. A new one has twelve characters and is none of those that are tried first (zxcvbn: fewer than 10^8 guesses).
 */
import { AlmanacError } from '@almanac/series';
import { hash, verify } from '@node-rs/argon2';

const COSTS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Of five: "safely unguessable" for an attacker who has no copy of the hash. */
const LEAST_SCORE = 3;

export const hashPassword = (password: string): Promise<string> => hash(password, COSTS);

/** Compared with where there is nothing to compare with, so that the answer takes as long. */
const nobodys = hashPassword('nobody has this password');

/** @param known null: false, after the same time */
export async function passwordFits(known: string | null, password: string): Promise<boolean> {
  const fits = await verify(known ?? (await nobodys), password);
  return fits && known !== null;
}

let judge: Promise<(password: string, inputs: string[]) => number> | undefined;

/** The dictionaries are a megabyte: they are read when the first password is set. */
const makeJudge = async (): Promise<(password: string, inputs: string[]) => number> => {
  const [{ ZxcvbnFactory }, common] = await Promise.all([import('@zxcvbn-ts/core'), import('@zxcvbn-ts/language-common')]);
  const zxcvbn = new ZxcvbnFactory({ dictionary: common.dictionary, graphs: common.adjacencyGraphs });
  return (password, inputs) => zxcvbn.check(password, inputs).score;
};

/**
 * @param about what an attacker would try first: name, address
 * @throws AlmanacError PASSWORD_WEAK
 */
export async function refuseWeak(password: string, about: readonly string[]): Promise<void> {
  const score = (await (judge ??= makeJudge()))(password, [...about.flatMap((one) => [one, ...one.split(/[\s@.]+/)]), 'almanac']);
  if (score >= LEAST_SCORE) return;
  throw new AlmanacError('PASSWORD_WEAK', 'This password is among those that are tried first.', {
    hint: 'Take four words that have nothing to do with each other, or let a password manager make one.',
  });
}
