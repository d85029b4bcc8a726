/** People: users, their sessions, what they may do in a workspace, and invitations. */
import { z } from 'zod';
import { etag, instant, name, pageOf, uuid } from './common.js';
import type { Scope } from './system.js';

export const role = z.enum(['viewer', 'editor', 'admin']).meta({
  description: 'viewer reads; editor also uploads, trains and forecasts; admin also looks after keys and people.',
});
export type Role = z.infer<typeof role>;
/** What a role may do, in the words of keys. */
export const SCOPE_OF_ROLE: Record<Role, Scope> = { viewer: 'read', editor: 'write', admin: 'admin' };

export const email = z.email('must be an e-mail address, e.g. ada@example.org').max(254).meta({ example: 'ada@example.org' });
export const personName = z.string().trim().min(1).max(100);
export const LEAST_PASSWORD = 12;
export const newPassword = z
  .string()
  .min(LEAST_PASSWORD, `must have at least ${LEAST_PASSWORD} characters`)
  .max(200)
  .meta({ description: `At least ${LEAST_PASSWORD} characters, and none that is easily guessed.` });
/** One that is only compared. */
const password = z.string().min(1).max(200);
const token = z.string().min(20).max(200);

export const user = z
  .object({
    id: uuid,
    email: z.string(),
    name: z.string(),
    hasPassword: z.boolean(),
    hasIdentity: z.boolean().meta({ description: 'Comes in through the OpenID provider, too.' }),
    createdAt: instant,
    signedInAt: instant.nullable(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof user>;
export const userPage = pageOf(user);

/** What the dashboard asks first. */
export const sessionState = z
  .object({
    user: user.nullable().meta({ description: 'Null where nobody is signed in.' }),
    workspaces: z.array(z.object({ workspace: name, role })).meta({ description: 'Where the user is a member, the first one first.' }),
    csrfToken: z
      .string()
      .nullable()
      .meta({ description: 'To be sent as X-CSRF-Token with every request of this session that changes something.' }),
    ways: z
      .object({ link: z.boolean(), oidc: z.string().nullable() })
      .meta({ description: 'Ways in beside a password: a link printed at this machine, and the name of the OpenID provider.' }),
  })
  .meta({ id: 'SessionState' });
export type SessionState = z.infer<typeof sessionState>;

export const signInRequest = z.object({ email: z.string().min(1).max(254), password });
export const linkRequest = z.object({ token });
export const signInLink = z.object({ token: z.string(), expiresAt: instant }).meta({ id: 'SignInLink' });
export type SignInLink = z.infer<typeof signInLink>;

export const session = z
  .object({
    id: uuid,
    method: z.enum(['password', 'link', 'oidc', 'invitation']),
    address: z.string(),
    agent: z.string(),
    current: z.boolean().meta({ description: 'The one that asks.' }),
    createdAt: instant,
    seenAt: instant,
    expiresAt: instant,
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof session>;
export const sessionList = z.object({ items: z.array(session) });

export const passwordChange = z.object({
  current: password.optional().meta({ description: 'Needed where the user has one.' }),
  password: newPassword,
});
export const accountChange = z.object({ name: personName });

export const member = z
  .object({ userId: uuid, email: z.string(), name: z.string(), role, createdAt: instant, signedInAt: instant.nullable(), etag })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof member>;
export const memberPage = pageOf(member);
export const roleChange = z.object({ role });

export const invitation = z
  .object({ id: uuid, email: z.string(), role, invitedBy: z.string(), createdAt: instant, expiresAt: instant })
  .meta({ id: 'Invitation' });
export type Invitation = z.infer<typeof invitation>;
export const invitationPage = pageOf(invitation);
export const invitationRequest = z.object({ email, role: role.default('viewer'), days: z.number().int().min(1).max(30).default(7) });
/** The only time the token is seen. */
export const invitationCreated = invitation
  .extend({ token: z.string(), link: z.string().meta({ description: 'To be handed to the one who is invited.' }) })
  .meta({ id: 'InvitationCreated' });
export type InvitationCreated = z.infer<typeof invitationCreated>;
export const invitationSeen = z
  .object({
    workspace: name,
    email: z.string(),
    role,
    invitedBy: z.string(),
    expiresAt: instant,
    known: z.boolean().meta({ description: 'There is a user with this address, who signs in to accept.' }),
  })
  .meta({ id: 'InvitationSeen' });
export type InvitationSeen = z.infer<typeof invitationSeen>;
export const invitationLook = z.object({ token });
export const invitationAcceptance = z.object({
  token,
  name: personName.optional().meta({ description: 'Of a new user.' }),
  password: newPassword.optional().meta({ description: 'Of a new user; one who is signed in already needs none.' }),
});
