/** Rows of runs and of what starts them. */
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Json, RunRow, RunStatus, ScheduleRecord } from '../records.js';
import { madeAt, wholeNumber } from './columns.js';

@Entity('run')
export class RunEntity implements RunRow {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('text') kind!: string;
  @Column('text') status!: RunStatus;
  @Column('text', { nullable: true }) dataset!: string | null;
  @Column('text', { nullable: true }) model!: string | null;
  @Column('jsonb') config!: Json;
  @Column('jsonb', { nullable: true }) progress!: Json | null;
  @Column('jsonb', { nullable: true }) result!: Json | null;
  @Column('jsonb', { nullable: true }) error!: Json | null;
  @Column('jsonb', { nullable: true }) engine!: Json | null;
  @Column({ ...wholeNumber, nullable: true }) seed!: number | null;
  @Column('text', { name: 'code_version', nullable: true }) codeVersion!: string | null;
  @Column('boolean', { name: 'cancel_requested' }) cancelRequested!: boolean;
  @Column('text', { name: 'worker_id', nullable: true }) workerId!: string | null;
  @Column('integer') attempts!: number;
  @Column('timestamptz', { name: 'heartbeat_at', nullable: true }) heartbeatAt!: Date | null;
  @Column(madeAt('created_at')) createdAt!: Date;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt!: Date | null;
  @Column('uuid', { name: 'parent_id', nullable: true }) parentId!: string | null;
  @Column('integer', { name: 'part_no', nullable: true }) partNo!: number | null;
  @Column('text', { nullable: true }) queue!: string | null;
  @Column('uuid', { name: 'after_id', nullable: true }) afterId!: string | null;
}

@Entity('schedule')
export class ScheduleEntity implements ScheduleRecord {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('text') name!: string;
  @Column('text') cron!: string;
  @Column('text', { name: 'time_zone' }) timeZone!: string;
  @Column('jsonb') action!: Json;
  @Column('boolean') paused!: boolean;
  @Column('text') overlap!: ScheduleRecord['overlap'];
  @Column('text', { name: 'catch_up' }) catchUp!: ScheduleRecord['catchUp'];
  @Column('integer', { name: 'catch_up_limit' }) catchUpLimit!: number;
  @Column('timestamptz', { name: 'next_due_at', nullable: true }) nextDueAt!: Date | null;
  @Column('timestamptz', { name: 'last_fired_at', nullable: true }) lastFiredAt!: Date | null;
  @Column('uuid', { name: 'last_run_id', nullable: true }) lastRunId!: string | null;
  @Column(madeAt('created_at')) createdAt!: Date;
}
