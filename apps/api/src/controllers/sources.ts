/** Sources of datasets: made, changed, read now. */
import { Controller } from '@nestjs/common';
import type { Page, Run, Source } from '@almanac/contracts';
import { createSource, deleteSource, getSource, listSources, requestPull, updateSource } from '@almanac/flow/pull';
import type { FlowContext } from '@almanac/flow/runs';
import { Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class SourcesController {
  @Route('listSources')
  list(@Input() { query }: Parse<'listSources'>, @Flow() flow: FlowContext): Promise<Page<Source>> {
    return listSources(flow, query);
  }

  @Route('createSource')
  create(@Input() { body }: Parse<'createSource'>, @Flow() flow: FlowContext): Promise<Source> {
    return createSource(flow, body);
  }

  @Route('getSource')
  get(@Input() { params }: Parse<'getSource'>, @Flow() flow: FlowContext): Promise<Source> {
    return getSource(flow, params.source);
  }

  @Route('updateSource')
  update(@Input() { params, body }: Parse<'updateSource'>, @Flow() flow: FlowContext): Promise<Source> {
    return updateSource(flow, params.source, body);
  }

  @Route('deleteSource')
  delete(@Input() { params }: Parse<'deleteSource'>, @Flow() flow: FlowContext): Promise<void> {
    return deleteSource(flow, params.source);
  }

  @Route('pullSource')
  pull(@Input() { params, body }: Parse<'pullSource'>, @Flow() flow: FlowContext): Promise<Run> {
    return requestPull(flow, { ...body, source: params.source });
  }
}
