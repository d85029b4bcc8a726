/** Which row of the endpoint table a handler serves. */
import { type ExecutionContext } from '@nestjs/common';
import { type Endpoint, type EndpointName, endpoints } from '@almanac/contracts';

export const ENDPOINT = 'almanac:endpoint';

export function endpointOf(context: ExecutionContext): { name: EndpointName; endpoint: Endpoint } {
  const name = Reflect.getMetadata(ENDPOINT, context.getHandler()) as EndpointName;
  return { name, endpoint: endpoints[name] };
}
