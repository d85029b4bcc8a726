/**
 * People, by noun: users of the installation, what they may do in a workspace, and how they come in. Tokens are known by their
 * sha256 in hex only; e-mail addresses are written small.
 */
import type { Page, PageQuery } from './records.js';

export type MemberRole = 'viewer' | 'editor' | 'admin';

export interface UserRecord {
  id: string;
  email: string;
  name: string;
  hasPassword: boolean;
  /** Comes in through an OpenID provider, too. */
  hasIdentity: boolean;
  isOwner: boolean;
  createdAt: Date;
  signedInAt: Date | null;
}

export interface Membership {
  workspaceId: string;
  workspace: string;
  role: MemberRole;
}

export interface SessionRecord {
  id: string;
  userId: string;
  method: 'password' | 'link' | 'oidc' | 'invitation';
  address: string;
  agent: string;
  createdAt: Date;
  seenAt: Date;
  expiresAt: Date;
}

/** A session that lives, with whose it is. */
export interface LivingSession extends SessionRecord {
  user: UserRecord;
  memberships: Membership[];
}

export interface MemberRecord {
  userId: string;
  email: string;
  name: string;
  role: MemberRole;
  createdAt: Date;
  signedInAt: Date | null;
}

export interface InvitationRecord {
  id: string;
  email: string;
  role: MemberRole;
  invitedBy: string;
  createdAt: Date;
  expiresAt: Date;
}

/** Of all workspaces. */
export interface Users {
  /** @throws AlmanacError USER_EXISTS */
  create(user: { email: string; name: string; passwordHash: string | null }): Promise<UserRecord>;
  find(id: string): Promise<UserRecord | null>;
  findByEmail(email: string): Promise<UserRecord | null>;
  findByIdentity(issuer: string, subject: string): Promise<UserRecord | null>;
  /** What a password is compared with; null where there is no such user, or one without a password. */
  passwordOf(email: string): Promise<{ id: string; hash: string } | null>;
  addIdentity(id: string, issuer: string, subject: string): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  /** Ends every session of the user. @throws AlmanacError USER_NOT_FOUND */
  setPassword(id: string, hash: string): Promise<void>;
  memberships(id: string): Promise<Membership[]>;
  /** By e-mail address. */
  list(query: PageQuery): Promise<Page<UserRecord>>;
  /** With sessions and memberships. @throws AlmanacError USER_NOT_FOUND, MEMBER_LAST_ADMIN */
  delete(id: string): Promise<void>;
  /** The user that the machine itself signs in, an admin of the store's workspace; made where there is none. */
  owner(): Promise<UserRecord>;
}

export interface Sessions {
  /** @param lifeSeconds after which it ends, however busy. Takes the dead ones of everybody away. */
  create(session: {
    tokenHash: string;
    userId: string;
    method: SessionRecord['method'];
    address: string;
    agent: string;
    lifeSeconds: number;
  }): Promise<SessionRecord>;
  /** Null where there is none, it has ended, or nobody has used it for so long. Notes the use, at most once a minute. */
  find(tokenHash: string, idleSeconds: number): Promise<LivingSession | null>;
  /** Those of the hashes that belong to a session. */
  known(tokenHashes: readonly string[]): Promise<ReadonlySet<string>>;
  /** Newest first; those that live. */
  list(userId: string, idleSeconds: number): Promise<SessionRecord[]>;
  /** @throws AlmanacError SESSION_NOT_FOUND */
  end(userId: string, id: string): Promise<void>;
  /** Returns the ids of those that ended. */
  endOthers(userId: string, except: string): Promise<string[]>;
  /** A link of a user that is taken once. */
  createLink(tokenHash: string, userId: string, lifeSeconds: number): Promise<Date>;
  /** The user of a link, which is gone with that; null where there is none. */
  takeLink(tokenHash: string): Promise<string | null>;
  /** Counts an attempt; null where it is one of the first `most` of the window, else the seconds that the window goes on. */
  attempt(about: string, most: number, windowSeconds: number): Promise<number | null>;
  forgetAttempts(about: string): Promise<void>;
}

/** Of the store's workspace. */
export interface Members {
  /** By e-mail address. */
  list(query: PageQuery): Promise<Page<MemberRecord>>;
  /** @throws AlmanacError MEMBER_NOT_FOUND */
  get(userId: string): Promise<MemberRecord>;
  /** Makes a member, or changes the role of one. */
  put(userId: string, role: MemberRole): Promise<void>;
  /** Returns the role before. @throws AlmanacError MEMBER_NOT_FOUND, MEMBER_LAST_ADMIN */
  change(userId: string, role: MemberRole): Promise<MemberRole>;
  /** Returns the role that is gone. @throws AlmanacError MEMBER_NOT_FOUND, MEMBER_LAST_ADMIN */
  remove(userId: string): Promise<MemberRole>;
  /** Replaces an open invitation of the same address. @throws AlmanacError MEMBER_EXISTS */
  invite(invitation: {
    email: string;
    role: MemberRole;
    tokenHash: string;
    invitedBy: string;
    lifeSeconds: number;
  }): Promise<InvitationRecord>;
  /** Those that can still be accepted. */
  invitations(query: PageQuery): Promise<Page<InvitationRecord>>;
  /** @throws AlmanacError INVITATION_NOT_FOUND */
  uninvite(id: string): Promise<void>;
  /** Of any workspace; null where there is none that can still be accepted. */
  findInvitation(tokenHash: string): Promise<(InvitationRecord & { workspaceId: string; workspace: string }) | null>;
  /** Of any workspace. */
  openInvitations(email: string): Promise<(InvitationRecord & { workspaceId: string; workspace: string })[]>;
  /** Makes the user a member; false where the invitation was accepted or taken back meanwhile. */
  accept(invitationId: string, userId: string): Promise<boolean>;
}
