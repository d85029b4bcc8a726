/** `Location` of what a request made (201) or set going (202): where it is read, or at least where it is deleted. */
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { type Endpoint, type EndpointName } from '@almanac/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, tap } from 'rxjs';
import { endpointOf } from './endpoint.js';

const RUN = '/v1/runs/:id';
const DELIVERIES = '/v1/webhooks/:webhookId/deliveries';

/** Parameters are fields of the answer, or of the path that was asked; runs unless named here. */
const PLACES: Partial<Record<EndpointName, string>> = {
  createApiKey: '/v1/api-keys/:id',
  createInvitation: '/v1/invitations/:id',
  createOverride: '/v1/forecasts/:runId/overrides',
  createSchedule: '/v1/schedules/:name',
  createSource: '/v1/sources/:name',
  createSignInLink: '/v1/session/links',
  createUpload: '/v1/runs/:runId',
  createWebhook: '/v1/webhooks/:id',
  createWorkspace: '/v1/workspaces/:name',
  importModel: '/v1/models/:model/versions/:version',
  nixtlaCrossValidationAsync: '/v2/cross_validation/jobs/:job_id',
  nixtlaForecastAsync: '/v2/forecast/jobs/:job_id',
  pingWebhook: DELIVERIES,
  replayWebhookDelivery: DELIVERIES,
  rotateApiKey: '/v1/api-keys/:id',
};

/** Undefined where nothing is made. */
export function placeOf(name: EndpointName, { status, slow }: Endpoint): string | undefined {
  return status === 201 || status === 202 || slow ? (PLACES[name] ?? RUN) : undefined;
}

@Injectable()
export class LocationInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { name, endpoint } = endpointOf(context);
    const place = placeOf(name, endpoint);
    if (place === undefined) return next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap((answer: unknown) => {
        if (reply.statusCode !== 201 && reply.statusCode !== 202) return;
        const known = { ...(request.params as object), ...(answer as object) } as Record<string, unknown>;
        reply.header(
          'location',
          place.replace(/:(\w+)/g, (_, field: string) => encodeURIComponent(String(known[field]))),
        );
      }),
    );
  }
}
