/** Training, backtests, searches, monitoring, and the registry. */
import { Controller, Req, Res } from '@nestjs/common';
import {
  type AliasChange,
  type BacktestSeries,
  type Model,
  type ModelKind,
  type ModelVersion,
  type Page,
  type Run,
  endpoints,
  type SearchSpace,
} from '@almanac/contracts';
import { requestBacktest } from '@almanac/flow/backtest';
import { requestLearning } from '@almanac/flow/learn';
import { requestMonitoring } from '@almanac/flow/monitor';
import { getModelVersion, listAliasHistory, listModels, listModelVersions, listVersionSeries } from '@almanac/flow/query';
import { exportVersion, openArchive } from '@almanac/flow/import';
import { deleteModel, deleteVersion, setAlias, tagVersion } from '@almanac/flow/register';
import type { FlowContext } from '@almanac/flow/runs';
import { getSearchSpace, requestSearch } from '@almanac/flow/search';
import { MODEL_KINDS, requestTraining } from '@almanac/flow/train';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { Flow } from '../http/caller.js';
import { once } from '../http/idempotency.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class ModelsController {
  @Route('modelKinds')
  kinds(): { items: readonly ModelKind[] } {
    return { items: MODEL_KINDS };
  }

  @Route('train')
  train(@Input() { body }: Parse<'train'>, @Flow() flow: FlowContext): Promise<Run> {
    return requestTraining(flow, body);
  }

  @Route('backtest')
  backtest(@Input() { body }: Parse<'backtest'>, @Flow() flow: FlowContext): Promise<Run> {
    return requestBacktest(flow, body);
  }

  @Route('search')
  search(@Input() { body }: Parse<'search'>, @Flow() flow: FlowContext): Promise<Run> {
    return requestSearch(flow, body);
  }

  @Route('searchSpace')
  space(@Input() { query }: Parse<'searchSpace'>, @Flow() flow: FlowContext): Promise<SearchSpace> {
    return getSearchSpace(flow, query);
  }

  @Route('monitor')
  monitor(@Input() { body }: Parse<'monitor'>, @Flow() flow: FlowContext): Promise<Run> {
    return requestMonitoring(flow, body);
  }

  @Route('learn')
  learn(@Input() { body }: Parse<'learn'>, @Flow() flow: FlowContext): Promise<Run> {
    return requestLearning(flow, body);
  }

  @Route('listModels')
  list(@Input() { query }: Parse<'listModels'>, @Flow() flow: FlowContext): Promise<Page<Model>> {
    return listModels(flow, query);
  }

  @Route('listModelVersions')
  versions(@Input() { params, query }: Parse<'listModelVersions'>, @Flow() flow: FlowContext): Promise<Page<ModelVersion>> {
    return listModelVersions(flow, params.model, query);
  }

  @Route('getModelVersion')
  version(@Input() { params }: Parse<'getModelVersion'>, @Flow() flow: FlowContext): Promise<ModelVersion> {
    return getModelVersion(flow, params.model, params.version);
  }

  @Route('modelVersionSeries')
  series(@Input() { params, query }: Parse<'modelVersionSeries'>, @Flow() flow: FlowContext): Promise<Page<BacktestSeries>> {
    return listVersionSeries(flow, params.model, params.version, query);
  }

  @Route('tagModelVersion')
  tag(@Input() { params, body }: Parse<'tagModelVersion'>, @Flow() flow: FlowContext): Promise<ModelVersion> {
    return tagVersion(flow, params.model, params.version, body.tags);
  }

  @Route('setModelAlias')
  promote(@Input() { params, body }: Parse<'setModelAlias'>, @Flow() flow: FlowContext): Promise<ModelVersion> {
    return setAlias(flow, params.model, params.alias, body.version, body.reason);
  }

  @Route('exportModelVersion')
  async export(@Input() { params }: Parse<'exportModelVersion'>, @Flow() flow: FlowContext, @Res() reply: FastifyReply): Promise<void> {
    const { no, archive } = await exportVersion(flow, params.model, params.version);
    void reply
      .header('content-type', endpoints.exportModelVersion.produces)
      .header('content-disposition', `attachment; filename="${params.model}-${no}.almanac-model.tar"`)
      .send(archive);
  }

  @Route('importModel')
  async import(
    @Input() { query }: Parse<'importModel'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Flow() flow: FlowContext,
  ): Promise<ModelVersion> {
    const archive = await openArchive(flow, request.body instanceof Readable ? request.body : Readable.from([]), query);
    // Whoever imports it again finds it there.
    const register = (): Promise<ModelVersion> => archive.register();
    return once(request, reply, { archive: archive.digest }, { work: register, again: register }).finally(() => archive.close());
  }

  @Route('deleteModelVersion')
  removeVersion(@Input() { params }: Parse<'deleteModelVersion'>, @Flow() flow: FlowContext): Promise<void> {
    return deleteVersion(flow, params.model, params.version);
  }

  @Route('deleteModel')
  remove(@Input() { params, query }: Parse<'deleteModel'>, @Flow() flow: FlowContext): Promise<void> {
    return deleteModel(flow, params.model, query);
  }

  @Route('listAliasHistory')
  history(@Input() { params, query }: Parse<'listAliasHistory'>, @Flow() flow: FlowContext): Promise<Page<AliasChange>> {
    return listAliasHistory(flow, params.model, query);
  }
}
