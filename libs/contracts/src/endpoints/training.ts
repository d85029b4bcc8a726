/** What makes new versions of a model. */
import { learnRequest } from '../schemas/learning.js';
import { modelKinds, trainRequest } from '../schemas/models.js';
import { run } from '../schemas/runs.js';
import { type Endpoint } from './endpoint.js';

export const trainingEndpoints = {
  modelKinds: {
    method: 'GET',
    path: '/v1/model-kinds',
    summary: 'Kinds of model that can be trained',
    scope: 'read',
    status: 200,
    response: modelKinds,
  },
  train: {
    method: 'POST',
    path: '/v1/train',
    summary: 'Queue a training run',
    scope: 'write',
    body: trainRequest,
    status: 202,
    response: run,
  },
  learn: {
    method: 'POST',
    path: '/v1/learn',
    summary: 'Let an online model learn from what was observed since it last did',
    scope: 'write',
    body: learnRequest,
    status: 202,
    response: run,
  },
} as const satisfies Record<string, Endpoint>;
