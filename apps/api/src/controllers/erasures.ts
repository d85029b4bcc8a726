/** Certificates of erasure. */
import { Controller } from '@nestjs/common';
import type { Erasure, Page } from '@almanac/contracts';
import { getErasure, listErasures } from '@almanac/flow/erase';
import type { FlowContext } from '@almanac/flow/runs';
import { Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class ErasuresController {
  @Route('listErasures')
  list(@Input() { query }: Parse<'listErasures'>, @Flow() flow: FlowContext): Promise<Page<Erasure>> {
    return listErasures(flow, query);
  }

  @Route('getErasure')
  get(@Input() { params }: Parse<'getErasure'>, @Flow() flow: FlowContext): Promise<Erasure> {
    return getErasure(flow, params.erasureId);
  }
}
