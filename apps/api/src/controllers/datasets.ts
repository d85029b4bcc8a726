/** Datasets, their versions, their series and the values of one. */
import { Controller, Req, Res } from '@nestjs/common';
import type {
  Anomaly,
  Appended,
  ChangepointList,
  Dataset,
  DatasetVersion,
  Erasure,
  FilledSeries,
  HolidayList,
  Page,
  Series,
  SeriesDecomposition,
  StaticCovariateList,
  UnusualSeries,
} from '@almanac/contracts';
import { eraseDataset, eraseSeries } from '@almanac/flow/erase';
import { appendObservations, updateDataset } from '@almanac/flow/ingest';
import {
  filledGaps,
  getChangepoints,
  getDataset,
  getDecomposition,
  getObservations,
  listAnomalies,
  listDatasets,
  listHolidays,
  listDatasetVersions,
  listSeries,
  listStaticCovariates,
  listUnusual,
} from '@almanac/flow/query';
import type { FlowContext } from '@almanac/flow/runs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class DatasetsController {
  @Route('listDatasets')
  list(@Input() { query }: Parse<'listDatasets'>, @Flow() flow: FlowContext): Promise<Page<Dataset>> {
    return listDatasets(flow, query);
  }

  @Route('getDataset')
  get(@Input() { params }: Parse<'getDataset'>, @Flow() flow: FlowContext): Promise<Dataset> {
    return getDataset(flow, params.dataset);
  }

  @Route('updateDataset')
  update(@Input() { params, body }: Parse<'updateDataset'>, @Flow() flow: FlowContext): Promise<Dataset> {
    return updateDataset(flow, params.dataset, body);
  }

  @Route('deleteSeries')
  deleteSeries(@Input() { params }: Parse<'deleteSeries'>, @Flow() flow: FlowContext): Promise<Erasure> {
    return eraseSeries(flow, params.dataset, params.uniqueId);
  }

  @Route('deleteDataset')
  delete(@Input() { params }: Parse<'deleteDataset'>, @Flow() flow: FlowContext): Promise<Erasure> {
    return eraseDataset(flow, params.dataset);
  }

  @Route('appendObservations')
  append(@Input() { params, body }: Parse<'appendObservations'>, @Flow() flow: FlowContext): Promise<Appended> {
    return appendObservations(flow, params.dataset, body);
  }

  @Route('listDatasetVersions')
  versions(@Input() { params, query }: Parse<'listDatasetVersions'>, @Flow() flow: FlowContext): Promise<Page<DatasetVersion>> {
    return listDatasetVersions(flow, params.dataset, query);
  }

  @Route('listSeries')
  series(@Input() { params, query }: Parse<'listSeries'>, @Flow() flow: FlowContext): Promise<Page<Series>> {
    return listSeries(flow, params.dataset, query);
  }

  @Route('listStaticCovariates')
  staticCovariates(@Input() { params }: Parse<'listStaticCovariates'>, @Flow() flow: FlowContext): Promise<StaticCovariateList> {
    return listStaticCovariates(flow, params.dataset);
  }

  @Route('getChangepoints')
  changepoints(@Input() { params }: Parse<'getChangepoints'>, @Flow() flow: FlowContext): Promise<ChangepointList> {
    return getChangepoints(flow, params.dataset, params.uniqueId);
  }

  @Route('fillGaps')
  gaps(@Input() { params, query }: Parse<'fillGaps'>, @Flow() flow: FlowContext): Promise<Page<FilledSeries>> {
    return filledGaps(flow, params.dataset, query);
  }

  @Route('listUnusual')
  unusual(@Input() { params, query }: Parse<'listUnusual'>, @Flow() flow: FlowContext): Promise<Page<UnusualSeries>> {
    return listUnusual(flow, params.dataset, query);
  }

  @Route('getDecomposition')
  decomposition(@Input() { params, query }: Parse<'getDecomposition'>, @Flow() flow: FlowContext): Promise<SeriesDecomposition> {
    return getDecomposition(flow, params.dataset, params.uniqueId, query);
  }

  @Route('listAnomalies')
  anomalies(@Input() { params, query }: Parse<'listAnomalies'>, @Flow() flow: FlowContext): Promise<Page<Anomaly>> {
    return listAnomalies(flow, params.dataset, query);
  }

  @Route('listHolidays')
  holidays(@Input() { params, query }: Parse<'listHolidays'>, @Flow() flow: FlowContext): Promise<HolidayList> {
    return listHolidays(flow, params.dataset, query.country);
  }

  /** A browser that shows the same chart again gets 304, as long as the dataset has no newer version. */
  @Route('getObservations')
  async observations(
    @Input() { params, query }: Parse<'getObservations'>,
    @Flow() flow: FlowContext,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const known = /"([^"]*)"/.exec(request.headers['if-none-match'] ?? '')?.[1];
    const { tag, observations } = await getObservations(flow, params.dataset, params.uniqueId, query, known);
    void reply
      .status(observations === null ? 304 : 200)
      .headers({ etag: `"${tag}"`, 'cache-control': 'private, no-cache', vary: 'authorization' })
      .send(observations ?? undefined);
  }
}
