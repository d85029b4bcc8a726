/** Forecasts that are answered and not stored. */
import { z } from 'zod';
import {
  byPrediction,
  filePredictionRequest,
  firstLook,
  firstLookRequest,
  prediction,
  predictionRequest,
  whatIf,
  whatIfRequest,
} from '../schemas/predictions.js';
import { contributionsAnswer, contributionsRequest } from '../schemas/contributions.js';
import { run } from '../schemas/runs.js';
import { type Endpoint } from './endpoint.js';
import { byDataset } from './parts.js';

export const predictionEndpoints = {
  predict: {
    method: 'POST',
    path: '/v1/forecast',
    summary: 'Forecast series whose history is in the body; nothing is stored',
    scope: 'write',
    body: predictionRequest,
    status: 200,
    response: z.union([prediction, run]),
    slow: true,
    pure: true,
  },
  predictFile: {
    method: 'POST',
    path: '/v1/forecast/file',
    summary: 'Forecast the histories of a file, read as an upload is; nothing is stored',
    scope: 'write',
    body: filePredictionRequest,
    consumes: 'multipart',
    status: 200,
    response: z.union([prediction, run]),
    slow: true,
    pure: true,
  },
  whatIf: {
    method: 'POST',
    path: '/v1/forecasts/what-if',
    summary: 'Forecast stored series with changed future covariates, beside the unchanged; nothing is stored',
    scope: 'write',
    body: whatIfRequest,
    status: 200,
    response: z.union([whatIf, run]),
    slow: true,
    pure: true,
  },
  explainForecast: {
    method: 'POST',
    path: '/v1/forecasts/contributions',
    summary: 'Take stored forecasts apart: level, trend, seasons, covariates, holidays and rest, which add up to the median',
    scope: 'write',
    body: contributionsRequest,
    status: 200,
    response: z.union([contributionsAnswer, run]),
    slow: true,
    pure: true,
  },
  firstLook: {
    method: 'POST',
    path: '/v1/datasets/:dataset/first-look',
    summary: 'Forecast series of a dataset before anything is trained on it; nothing is stored',
    scope: 'write',
    params: byDataset,
    body: firstLookRequest,
    status: 200,
    response: z.union([firstLook, run]),
    slow: true,
    pure: true,
  },
  getPrediction: {
    method: 'GET',
    path: '/v1/predictions/:runId',
    summary: 'The answer of a prediction that took long, for an hour',
    scope: 'read',
    params: byPrediction,
    status: 200,
    response: z.union([prediction, whatIf, firstLook, contributionsAnswer]),
  },
} as const satisfies Record<string, Endpoint>;
