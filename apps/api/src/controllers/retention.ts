/** How long this workspace keeps finished runs. */
import { Controller } from '@nestjs/common';
import type { Retention } from '@almanac/contracts';
import { getRetention, setRetention } from '@almanac/flow/retention';
import type { FlowContext } from '@almanac/flow/runs';
import { Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class RetentionController {
  @Route('getRetention')
  get(@Flow() flow: FlowContext): Promise<Retention> {
    return getRetention(flow);
  }

  @Route('setRetention')
  set(@Input() { body }: Parse<'setRetention'>, @Flow() flow: FlowContext): Promise<Retention> {
    return setRetention(flow, body);
  }
}
