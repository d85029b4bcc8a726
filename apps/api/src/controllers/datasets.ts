/** Datasets, their versions, their series and the values of one. */
import { Controller } from '@nestjs/common';
import type { ChangepointList, Dataset, HolidayList, DatasetVersion, Observations, Page, Series } from '@almanac/contracts';
import { deleteDataset, getChangepoints, getDataset, getObservations, listDatasets, listHolidays, listDatasetVersions, listSeries } from '@almanac/flow/query';
import type { FlowContext } from '@almanac/flow/runs';
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

  @Route('deleteDataset')
  delete(@Input() { params }: Parse<'deleteDataset'>, @Flow() flow: FlowContext): Promise<void> {
    return deleteDataset(flow, params.dataset);
  }

  @Route('listDatasetVersions')
  versions(@Input() { params, query }: Parse<'listDatasetVersions'>, @Flow() flow: FlowContext): Promise<Page<DatasetVersion>> {
    return listDatasetVersions(flow, params.dataset, query);
  }

  @Route('listSeries')
  series(@Input() { params, query }: Parse<'listSeries'>, @Flow() flow: FlowContext): Promise<Page<Series>> {
    return listSeries(flow, params.dataset, query);
  }

  @Route('getChangepoints')
  changepoints(@Input() { params }: Parse<'getChangepoints'>, @Flow() flow: FlowContext): Promise<ChangepointList> {
    return getChangepoints(flow, params.dataset, params.uniqueId);
  }

  @Route('listHolidays')
  holidays(@Input() { params, query }: Parse<'listHolidays'>, @Flow() flow: FlowContext): Promise<HolidayList> {
    return listHolidays(flow, params.dataset, query.country);
  }

  @Route('getObservations')
  observations(@Input() { params, query }: Parse<'getObservations'>, @Flow() flow: FlowContext): Promise<Observations> {
    return getObservations(flow, params.dataset, params.uniqueId, query);
  }
}
