/** Sessions of users, the links that begin one at the machine, and how often a password was tried. All of the installation. */
import { notFound } from '../errors.js';
import { newId } from '../ids.js';
import type { LivingSession, Membership, SessionRecord, Sessions, UserRecord } from '../people.js';
import type { Context } from '../postgres/context.js';
import { USER, users } from './users.js';

const SESSION = `s.id, s.user_id AS "userId", s.method, s.address, s.agent, s.created_at AS "createdAt", s.seen_at AS "seenAt", s.expires_at AS "expiresAt"`;
/** @param idle number of the parameter with the seconds */
const lives = (idle: string): string => `s.expires_at > now() AND s.seen_at > now() - ${idle} * interval '1 second'`;

export function sessions(one: Context): Sessions {
  const context = one.everywhere();
  return {
    create: (session) =>
      context.transaction(async (inside) => {
        await inside.query('DELETE FROM session WHERE expires_at < now()');
        await inside.query('UPDATE user_account SET signed_in_at = now() WHERE id = $1', [session.userId]);
        const [made] = await inside.query<SessionRecord>(
          `INSERT INTO session AS s (id, token_hash, user_id, method, address, agent, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second') RETURNING ${SESSION}`,
          [
            ...[newId(), session.tokenHash, session.userId, session.method],
            ...[session.address, session.agent.slice(0, 300), session.lifeSeconds],
          ],
        );
        return made!;
      }),
    async find(tokenHash, idleSeconds): Promise<LivingSession | null> {
      const [session] = await context.query<SessionRecord>(`SELECT ${SESSION} FROM session s WHERE s.token_hash = $1 AND ${lives('$2')}`, [
        tokenHash,
        idleSeconds,
      ]);
      if (!session) return null;
      const [user] = await context.query<UserRecord>(`SELECT ${USER} FROM user_account u WHERE u.id = $1`, [session.userId]);
      if (!user) return null;
      const memberships: Membership[] = await users(context).memberships(user.id);
      await context.query(`UPDATE session SET seen_at = now() WHERE id = $1 AND seen_at < now() - interval '1 minute'`, [session.id]);
      return { ...session, user, memberships };
    },
    async known(tokenHashes) {
      const rows = await context.query<{ hash: string }>('SELECT token_hash AS hash FROM session WHERE token_hash = ANY ($1)', [
        tokenHashes,
      ]);
      return new Set(rows.map(({ hash }) => hash));
    },
    list: (userId, idleSeconds) =>
      context.query<SessionRecord>(`SELECT ${SESSION} FROM session s WHERE s.user_id = $1 AND ${lives('$2')} ORDER BY s.id DESC`, [
        ...[userId, idleSeconds],
      ]),
    async end(userId, id) {
      const gone = await context.query('DELETE FROM session WHERE user_id = $1 AND id = $2 RETURNING 1', [userId, id]);
      if (gone.length === 0) throw notFound('session', id);
    },
    async endOthers(userId, except) {
      const gone = await context.query<{ id: string }>('DELETE FROM session WHERE user_id = $1 AND id <> $2 RETURNING id', [
        ...[userId, except],
      ]);
      return gone.map(({ id }) => id);
    },
    async createLink(tokenHash, userId, lifeSeconds) {
      await context.query('DELETE FROM sign_in_link WHERE expires_at < now()');
      const [made] = await context.query<{ expiresAt: Date }>(
        `INSERT INTO sign_in_link (token_hash, user_id, expires_at) VALUES ($1, $2, now() + $3 * interval '1 second') RETURNING expires_at AS "expiresAt"`,
        [tokenHash, userId, lifeSeconds],
      );
      return made!.expiresAt;
    },
    async takeLink(tokenHash) {
      const [link] = await context.query<{ userId: string; lives: boolean }>(
        'DELETE FROM sign_in_link WHERE token_hash = $1 RETURNING user_id AS "userId", expires_at > now() AS lives',
        [tokenHash],
      );
      return link?.lives ? link.userId : null;
    },
    async attempt(about, most, windowSeconds) {
      await context.query(`DELETE FROM sign_in_attempt WHERE until < now() - interval '1 day'`);
      const [row] = await context.query<{ attempts: number; seconds: number }>(
        `INSERT INTO sign_in_attempt AS a (about, attempts, until) VALUES ($1, 1, now() + $2 * interval '1 second')
         ON CONFLICT (about) DO UPDATE SET attempts = CASE WHEN a.until < now() THEN 1 ELSE a.attempts + 1 END,
           until = CASE WHEN a.until < now() THEN excluded.until ELSE a.until END
         RETURNING attempts, ceil(extract(epoch FROM until - now()))::int AS seconds`,
        [about, windowSeconds],
      );
      return row!.attempts > most ? Math.max(1, row!.seconds) : null;
    },
    async forgetAttempts(about) {
      await context.query('DELETE FROM sign_in_attempt WHERE about = $1', [about]);
    },
  };
}
