/** Every controller; a test compares what they serve with the endpoint table. */
import { AuditController } from './audit.js';
import { DatasetsController } from './datasets.js';
import { ErasuresController } from './erasures.js';
import { ForecastsController } from './forecasts.js';
import { MembersController } from './members.js';
import { ModelsController } from './models.js';
import { NixtlaController } from './nixtla.js';
import { OidcController } from './oidc.js';
import { PredictionsController } from './predictions.js';
import { QuotasController } from './quotas.js';
import { RetentionController } from './retention.js';
import { RunsController } from './runs.js';
import { SchedulesController } from './schedules.js';
import { SessionsController } from './sessions.js';
import { SourcesController } from './sources.js';
import { SystemController } from './system.js';
import { UploadsController } from './uploads.js';
import { WebhooksController } from './webhooks.js';
import { WorkspacesController } from './workspaces.js';

export const controllers = [
  AuditController,
  DatasetsController,
  ErasuresController,
  ForecastsController,
  MembersController,
  ModelsController,
  NixtlaController,
  OidcController,
  PredictionsController,
  QuotasController,
  RetentionController,
  RunsController,
  SchedulesController,
  SessionsController,
  SourcesController,
  SystemController,
  UploadsController,
  WebhooksController,
  WorkspacesController,
];
