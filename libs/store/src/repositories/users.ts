/** Users of the installation. They stand outside of the workspaces, so every statement here is about all of them. */
import { AlmanacError } from '@almanac/series';
import { isDuplicate, notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Membership, UserRecord, Users } from '../people.js';
import type { Context } from '../postgres/context.js';
import { refuseLastAdmin } from './members.js';

export const USER = `u.id, u.email, u.name, u.password_hash IS NOT NULL AS "hasPassword", u.is_owner AS "isOwner",
  EXISTS (SELECT FROM user_identity i WHERE i.user_id = u.id) AS "hasIdentity", u.created_at AS "createdAt", u.signed_in_at AS "signedInAt"`;
const OWNER = { email: 'owner@almanac.local', name: 'Local owner' };

export function users(one: Context): Users {
  const context = one.everywhere();
  const firstOf = async (where: string, values: unknown[]): Promise<UserRecord | null> =>
    (await context.query<UserRecord>(`SELECT ${USER} FROM user_account u WHERE ${where}`, values))[0] ?? null;
  const find: Users['find'] = (id) => firstOf('u.id = $1', [id]);

  return {
    find,
    findByEmail: (email) => firstOf('u.email = $1', [email.toLowerCase()]),
    findByIdentity: (issuer, subject) =>
      firstOf('u.id = (SELECT user_id FROM user_identity WHERE issuer = $1 AND subject = $2)', [issuer, subject]),
    async create({ email, name, passwordHash }) {
      const id = newId();
      try {
        await context.query('INSERT INTO user_account (id, email, name, password_hash) VALUES ($1, $2, $3, $4)', [
          ...[id, email.toLowerCase()],
          ...[name, passwordHash],
        ]);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        throw new AlmanacError('USER_EXISTS', `There is a user with the address ${email} already.`, {
          hint: 'Sign in with it.',
          subject: { email },
          status: 409,
        });
      }
      return (await find(id))!;
    },
    async passwordOf(email) {
      const [row] = await context.query<{ id: string; hash: string }>(
        'SELECT id, password_hash AS hash FROM user_account WHERE email = $1 AND password_hash IS NOT NULL',
        [email.toLowerCase()],
      );
      return row ?? null;
    },
    async addIdentity(id, issuer, subject) {
      await context.query('INSERT INTO user_identity (issuer, subject, user_id) VALUES ($1, $2, $3)', [issuer, subject, id]);
    },
    async rename(id, name) {
      await context.query('UPDATE user_account SET name = $2 WHERE id = $1', [id, name]);
    },
    setPassword: (id, hash) =>
      context.transaction(async (inside) => {
        const changed = await inside.query('UPDATE user_account SET password_hash = $2 WHERE id = $1 RETURNING 1', [id, hash]);
        if (changed.length === 0) throw notFound('user', id);
        await inside.query('DELETE FROM session WHERE user_id = $1', [id]);
        await inside.query('DELETE FROM sign_in_link WHERE user_id = $1', [id]);
      }),
    memberships: (id) =>
      context.query<Membership & { workspaceId: string }>(
        `SELECT m.workspace_id AS "workspaceId", w.name AS workspace, m.role FROM member m JOIN workspace w ON w.id = m.workspace_id
         WHERE m.user_id = $1 ORDER BY m.created_at, w.name`,
        [id],
      ),
    async list(query) {
      const after = keyOf(query, 1);
      const rows = await context.query<UserRecord>(
        `SELECT ${USER} FROM user_account u WHERE $1::text IS NULL OR u.email > $1 ORDER BY u.email LIMIT $2`,
        [after?.[0] ?? null, limitOf(query) + 1],
      );
      return toPage(rows, query, ({ email }) => [email]);
    },
    delete: (id) =>
      context.transaction(async (inside) => {
        const of = await inside.query<{ id: string }>('SELECT workspace_id AS id FROM member WHERE user_id = $1 ORDER BY 1', [id]);
        for (const workspace of of) await refuseLastAdmin(inside, workspace.id, id);
        // Before the user is gone, whose address the audit log tells.
        await inside.query('DELETE FROM member WHERE user_id = $1', [id]);
        const gone = await inside.query('DELETE FROM user_account WHERE id = $1 RETURNING 1', [id]);
        if (gone.length === 0) throw notFound('user', id);
      }),
    owner: () =>
      context.transaction(async (inside) => {
        await inside.query(
          'INSERT INTO user_account (id, email, name, is_owner) VALUES ($1, $2, $3, true) ON CONFLICT (is_owner) WHERE is_owner DO NOTHING',
          [newId(), OWNER.email, OWNER.name],
        );
        const [owner] = await inside.query<UserRecord>(`SELECT ${USER} FROM user_account u WHERE u.is_owner`);
        await inside.query(
          `INSERT INTO member (workspace_id, user_id, role) VALUES ($1, $2, 'admin') ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = 'admin'`,
          [one.workspaceId, owner!.id],
        );
        return owner!;
      }),
  };
}
