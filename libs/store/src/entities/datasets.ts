/** Rows of datasets, their channels and their series. Chunks are not mapped: their values travel by COPY. */
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ChannelRecord, DatasetRecord, SeriesRecord } from '../records.js';
import { madeAt, wholeNumber } from './columns.js';

@Entity('dataset')
export class DatasetEntity implements DatasetRecord {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('text') name!: string;
  @Column('text') frequency!: string;
  @Column('text', { name: 'time_zone' }) timeZone!: string;
  @Column({ ...wholeNumber, name: 'step_ms', nullable: true }) stepMs!: number | null;
  @Column('text', { nullable: true }) aggregation!: string | null;
  @Column('text', { name: 'fill_policy' }) fillPolicy!: string;
  @Column({ ...wholeNumber, name: 'step_origin_ms' }) stepOriginMs!: number;
  @Column('integer', { name: 'season_lengths', array: true, nullable: true }) seasonLengths!: number[] | null;
  @Column('integer', { name: 'keep_days', nullable: true }) keepDays!: number | null;
  @Column('integer', { name: 'current_version' }) currentVersion!: number;
  @Column('integer', { name: 'series_count' }) seriesCount!: number;
  @Column({ ...wholeNumber, name: 'observation_count' }) observationCount!: number;
  @Column({ ...wholeNumber, name: 'first_step', nullable: true }) firstStep!: number | null;
  @Column({ ...wholeNumber, name: 'last_step', nullable: true }) lastStep!: number | null;
  @Column(madeAt('created_at')) createdAt!: Date;
  @Column(madeAt('updated_at')) updatedAt!: Date;
}

@Entity('dataset_channel')
export class ChannelEntity implements ChannelRecord {
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @PrimaryColumn('uuid', { name: 'dataset_id' }) datasetId!: string;
  @PrimaryColumn('smallint') channel!: number;
  @Column('text') name!: string;
  @Column('text') kind!: ChannelRecord['kind'];
}

@Entity('series')
export class SeriesEntity implements SeriesRecord {
  @PrimaryColumn({ ...wholeNumber, generated: 'identity' } as never) id!: number;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('uuid', { name: 'dataset_id' }) datasetId!: string;
  @Column('text', { name: 'unique_id' }) uniqueId!: string;
  @Column({ ...wholeNumber, name: 'first_step' }) firstStep!: number;
  @Column('integer') length!: number;
  @Column('jsonb', { name: 'static' }) staticCovariates!: Record<string, number | string | null>;
}
