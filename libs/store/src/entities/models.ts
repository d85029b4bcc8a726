/** Rows of the registry. Forecasts and attention maps are not mapped: their arrays travel by COPY. */
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AliasChangeRecord, AliasName, Json } from '../records.js';
import { madeAt } from './columns.js';

@Entity('model')
export class ModelEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('text') name!: string;
  @Column('uuid', { name: 'dataset_id' }) datasetId!: string;
  @Column('integer') latest!: number;
  @Column(madeAt('created_at')) createdAt!: Date;
}

@Entity('model_version')
export class ModelVersionEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('uuid', { name: 'model_id' }) modelId!: string;
  @Column('integer') no!: number;
  @Column('uuid', { name: 'run_id' }) runId!: string;
  @Column('text') kind!: string;
  @Column('integer') horizon!: number;
  @Column('jsonb') config!: Json;
  @Column('jsonb') metrics!: Json;
  @Column('text', { name: 'manifest_key' }) manifestKey!: string;
  @Column('text', { name: 'weights_key' }) weightsKey!: string;
  @Column('text') sha256!: string;
  @Column(madeAt('created_at')) createdAt!: Date;
}

@Entity('model_alias')
export class ModelAliasEntity implements AliasChangeRecord {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'workspace_id' }) workspaceId!: string;
  @Column('uuid', { name: 'model_id' }) modelId!: string;
  @Column('text') alias!: AliasName;
  @Column('integer') version!: number;
  @Column('text') reason!: string;
  @Column('boolean') rollback!: boolean;
  @Column(madeAt('from_at')) fromAt!: Date;
  @Column('timestamptz', { name: 'to_at', nullable: true }) toAt!: Date | null;
}
