/** Training, backtests, monitoring, and the registry. */
import { Controller } from '@nestjs/common';
import type { AliasChange, Model, ModelVersion, Page, Run } from '@almanac/contracts';
import { requestBacktest } from '@almanac/flow/backtest';
import { requestMonitoring } from '@almanac/flow/monitor';
import { listAliasHistory, listModels, listModelVersions } from '@almanac/flow/query';
import { setAlias } from '@almanac/flow/register';
import type { FlowContext } from '@almanac/flow/runs';
import { MODEL_KINDS, type ModelKind, requestTraining } from '@almanac/flow/train';
import { Flow } from '../http/caller.js';
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

  @Route('monitor')
  monitor(@Input() { body }: Parse<'monitor'>, @Flow() flow: FlowContext): Promise<Run> {
    return requestMonitoring(flow, body);
  }

  @Route('listModels')
  list(@Input() { query }: Parse<'listModels'>, @Flow() flow: FlowContext): Promise<Page<Model>> {
    return listModels(flow, query);
  }

  @Route('listModelVersions')
  versions(@Input() { params, query }: Parse<'listModelVersions'>, @Flow() flow: FlowContext): Promise<Page<ModelVersion>> {
    return listModelVersions(flow, params.model, query);
  }

  @Route('setModelAlias')
  promote(@Input() { params, body }: Parse<'setModelAlias'>, @Flow() flow: FlowContext): Promise<ModelVersion> {
    return setAlias(flow, params.model, params.alias, body.version, body.reason);
  }

  @Route('listAliasHistory')
  history(@Input() { params, query }: Parse<'listAliasHistory'>, @Flow() flow: FlowContext): Promise<Page<AliasChange>> {
    return listAliasHistory(flow, params.model, query);
  }
}
