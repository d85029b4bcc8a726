/** Rows of workspaces, keys, uploads, idempotency keys and workers. */
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ApiKeyRecord, Json, UploadRecord, WorkerRecord, WorkspaceRecord } from '../records.js';
import { madeAt, wholeNumber } from './columns.js';

@Entity('workspace')
export class WorkspaceEntity implements WorkspaceRecord {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  @Column(madeAt('created_at')) createdAt!: Date;
}

@Entity('api_key')
export class ApiKeyEntity implements ApiKeyRecord {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('text') name!: string;
  @Column('text') prefix!: string;
  @Column('text', { select: false }) hash!: string;
  @Column('text', { array: true }) scopes!: string[];
  @Column(madeAt('created_at')) createdAt!: Date;
  @Column('timestamptz', { name: 'last_used_at', nullable: true }) lastUsedAt!: Date | null;
  @Column('timestamptz', { name: 'revoked_at', nullable: true }) revokedAt!: Date | null;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
}

@Entity('upload')
export class UploadEntity implements UploadRecord {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('text', { name: 'file_name' }) fileName!: string;
  @Column(wholeNumber) size!: number;
  @Column('text') sha256!: string;
  @Column('text', { name: 'object_key' }) objectKey!: string;
  @Column('bytea', { nullable: true, select: false }) content?: Buffer | null;
  @Column('jsonb') mapping!: Json;
  @Column(madeAt('created_at')) createdAt!: Date;
}

@Entity('worker')
export class WorkerEntity implements WorkerRecord {
  @PrimaryColumn('text') id!: string;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('jsonb', { nullable: true }) engine!: Json | null;
  @Column('jsonb', { nullable: true }) resources!: Json | null;
  @Column('timestamptz', { name: 'started_at' }) startedAt!: Date;
  @Column('timestamptz', { name: 'seen_at' }) seenAt!: Date;
  @Column('text', { name: 'busy_with', array: true }) busyWith!: string[];
  @Column('double precision', { name: 'clock_skew_ms', nullable: true }) clockSkewMs!: number | null;
}
