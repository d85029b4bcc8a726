/** Who may do what in a workspace, and who is invited to. Invariant: a workspace that has an admin keeps one. */
import { AlmanacError } from '@almanac/series';
import { notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { InvitationRecord, MemberRecord, MemberRole, Members } from '../people.js';
import type { Context } from '../postgres/context.js';

const INVITATION = `i.id, i.email, i.role, i.invited_by AS "invitedBy", i.created_at AS "createdAt", i.expires_at AS "expiresAt"`;
const OPEN = 'i.accepted_at IS NULL AND i.expires_at > now()';
const ANYWHERE = `SELECT ${INVITATION}, w.id AS "workspaceId", w.name AS workspace FROM invitation i JOIN workspace w ON w.id = i.workspace_id WHERE ${OPEN}`;
// The users themselves are hidden from workspaces.
const MEMBER = `SELECT u.id AS "userId", u.email, u.name, m.role, m.created_at AS "createdAt", u.signed_in_at AS "signedInAt"
  FROM member m JOIN user_account u ON u.id = m.user_id WHERE m.workspace_id = $1`;
type Anywhere = InvitationRecord & { workspaceId: string; workspace: string };

/** Whoever removes another admin at the same time waits here, and then counts without this one. @throws AlmanacError MEMBER_LAST_ADMIN */
export async function refuseLastAdmin(inside: Context, workspaceId: string, userId: string): Promise<void> {
  const admins = await inside.query<{ id: string }>(
    `SELECT user_id AS id FROM member WHERE workspace_id = $1 AND role = 'admin' ORDER BY user_id FOR UPDATE`,
    [workspaceId],
  );
  if (admins.length === 1 && admins[0]!.id === userId)
    throw new AlmanacError('MEMBER_LAST_ADMIN', 'This is the last admin of the workspace: without one nobody could invite anybody.', {
      hint: 'Make somebody else an admin first.',
      subject: { userId },
      status: 409,
    });
}

export function members(context: Context): Members {
  const { workspaceId } = context;
  const all = context.everywhere();

  /** @returns the role before */
  const leave = async (inside: Context, userId: string, role: MemberRole | null): Promise<MemberRole> => {
    const [member] = await inside.query<{ role: MemberRole }>('SELECT role FROM member WHERE workspace_id = $1 AND user_id = $2', [
      ...[workspaceId, userId],
    ]);
    if (!member) throw notFound('member', userId);
    if (role !== 'admin') await refuseLastAdmin(inside, workspaceId, userId);
    return member.role;
  };

  return {
    async list(query) {
      const after = keyOf(query, 1);
      const rows = await all.query<MemberRecord>(`${MEMBER} AND ($2::text IS NULL OR u.email > $2) ORDER BY u.email LIMIT $3`, [
        ...[workspaceId, after?.[0] ?? null, limitOf(query) + 1],
      ]);
      return toPage(rows, query, ({ email }) => [email]);
    },
    async get(userId) {
      const [found] = await all.query<MemberRecord>(`${MEMBER} AND u.id = $2`, [workspaceId, userId]);
      if (!found) throw notFound('member', userId);
      return found;
    },
    async put(userId, role) {
      await context.query(
        'INSERT INTO member (workspace_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role',
        [workspaceId, userId, role],
      );
    },
    change: (userId, role) =>
      context.transaction(async (inside) => {
        const before = await leave(inside, userId, role);
        await inside.query('UPDATE member SET role = $3 WHERE workspace_id = $1 AND user_id = $2', [workspaceId, userId, role]);
        return before;
      }),
    remove: (userId) =>
      context.transaction(async (inside) => {
        const before = await leave(inside, userId, null);
        await inside.query('DELETE FROM member WHERE workspace_id = $1 AND user_id = $2', [workspaceId, userId]);
        return before;
      }),
    invite: ({ email: given, role, tokenHash, invitedBy, lifeSeconds }) =>
      all.transaction(async (inside) => {
        const email = given.toLowerCase();
        const [member] = await inside.query(
          'SELECT 1 FROM member m JOIN user_account u ON u.id = m.user_id WHERE m.workspace_id = $1 AND u.email = $2',
          [workspaceId, email],
        );
        if (member)
          throw new AlmanacError('MEMBER_EXISTS', `${email} is a member of the workspace already.`, {
            hint: 'Change the role among the members.',
            subject: { email },
            status: 409,
          });
        await inside.query('DELETE FROM invitation WHERE workspace_id = $1 AND email = $2 AND accepted_at IS NULL', [workspaceId, email]);
        const [made] = await inside.query<InvitationRecord>(
          `INSERT INTO invitation AS i (id, workspace_id, email, role, token_hash, invited_by, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second') RETURNING ${INVITATION}`,
          [newId(), workspaceId, email, role, tokenHash, invitedBy, lifeSeconds],
        );
        return made!;
      }),
    async invitations(query) {
      const after = keyOf(query, 1);
      const rows = await context.query<InvitationRecord>(
        `SELECT ${INVITATION} FROM invitation i WHERE i.workspace_id = $1 AND ${OPEN} AND ($2::uuid IS NULL OR i.id > $2) ORDER BY i.id LIMIT $3`,
        [workspaceId, after?.[0] ?? null, limitOf(query) + 1],
      );
      return toPage(rows, query, ({ id }) => [id]);
    },
    async uninvite(id) {
      const gone = await context.query('DELETE FROM invitation WHERE workspace_id = $1 AND id = $2 AND accepted_at IS NULL RETURNING 1', [
        ...[workspaceId, id],
      ]);
      if (gone.length === 0) throw notFound('invitation', id);
    },
    async findInvitation(tokenHash) {
      return (await all.query<Anywhere>(`${ANYWHERE} AND i.token_hash = $1`, [tokenHash]))[0] ?? null;
    },
    openInvitations: (email) => all.query<Anywhere>(`${ANYWHERE} AND i.email = $1 ORDER BY i.id`, [email.toLowerCase()]),
    accept: (invitationId, userId) =>
      all.transaction(async (inside) => {
        const [taken] = await inside.query<{ workspace: string; role: MemberRole }>(
          `UPDATE invitation i SET accepted_at = now() WHERE id = $1 AND ${OPEN} RETURNING workspace_id AS workspace, role`,
          [invitationId],
        );
        if (!taken) return false;
        await inside.query(
          'INSERT INTO member (workspace_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, user_id) DO NOTHING',
          [taken.workspace, userId, taken.role],
        );
        return true;
      }),
  };
}
