/** The series of a dataset. */
import { z } from 'zod';
import { changepointList, observations, observationsQuery, seriesPage, seriesQuery, staticCovariateList } from '../schemas/datasets.js';
import { decomposition, decompositionQuery } from '../schemas/decomposition.js';
import { filledPage, gapsQuery, unusualPage, unusualQuery } from '../schemas/gaps.js';
import { erasure } from '../schemas/erasures.js';
import { type Endpoint } from './endpoint.js';
import { byDataset, bySeries, idInQuery } from './parts.js';

export const seriesEndpoints = {
  listSeries: {
    method: 'GET',
    path: '/v1/datasets/:dataset/series',
    summary: 'Series of a dataset, by id',
    scope: 'read',
    params: byDataset,
    query: seriesQuery,
    status: 200,
    response: seriesPage,
  },
  listStaticCovariates: {
    method: 'GET',
    path: '/v1/datasets/:dataset/static-covariates',
    summary: 'Static covariates of the series with their values, to filter by',
    scope: 'read',
    params: byDataset,
    status: 200,
    response: staticCovariateList,
  },
  deleteSeries: {
    method: 'DELETE',
    path: '/v1/datasets/:dataset/series/:uniqueId',
    summary:
      'Delete one series everywhere: in every version, with its forecasts and the raw files that hold it; answers with the certificate',
    scope: 'write',
    params: bySeries,
    query: z.object(idInQuery),
    status: 200,
    response: erasure,
  },
  getObservations: {
    method: 'GET',
    path: '/v1/datasets/:dataset/series/:uniqueId/observations',
    summary: 'Values of one series, down-sampled for a chart',
    scope: 'read',
    params: bySeries,
    query: observationsQuery.extend(idInQuery),
    status: 200,
    response: observations,
  },
  getChangepoints: {
    method: 'GET',
    path: '/v1/datasets/:dataset/series/:uniqueId/changepoints',
    summary: 'Where one series began to behave differently',
    scope: 'read',
    params: bySeries,
    query: z.object(idInQuery),
    status: 200,
    response: changepointList,
  },
  fillGaps: {
    method: 'GET',
    path: '/v1/datasets/:dataset/gaps',
    summary: 'What the gaps of series would have held, with intervals; nothing is stored',
    scope: 'read',
    params: byDataset,
    query: gapsQuery,
    status: 200,
    response: filledPage,
  },
  listUnusual: {
    method: 'GET',
    path: '/v1/datasets/:dataset/unusual',
    summary: 'Values of the history that are unlike what level, trend, seasons and holidays say; it needs no model',
    scope: 'read',
    params: byDataset,
    query: unusualQuery,
    status: 200,
    response: unusualPage,
  },
  getDecomposition: {
    method: 'GET',
    path: '/v1/datasets/:dataset/series/:uniqueId/decomposition',
    summary: 'One series taken apart: level and trend, seasons, holidays, and the rest',
    scope: 'read',
    params: bySeries,
    query: decompositionQuery.extend(idInQuery),
    status: 200,
    response: decomposition,
  },
} as const satisfies Record<string, Endpoint>;
