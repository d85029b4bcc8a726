/**
 * Cursors as clients see them: `<list>.<where it goes on>`. The first part is a digest of the list that gave it (endpoint,
 * workspace, path, filters and order), so that a cursor of another list is refused and never a page from somewhere.
 */
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { AlmanacError } from '@almanac/series';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { map, type Observable } from 'rxjs';
import { callerOf } from './caller.js';
import { endpointOf } from './endpoint.js';

/** 48 bits: nobody meets another list's by chance. */
const DIGEST_LETTERS = 8;

function listOf(name: string, request: FastifyRequest): string {
  const filters = Object.entries((request.query ?? {}) as Record<string, unknown>).filter(([key]) => key !== 'after' && key !== 'limit');
  const what = [name, callerOf(request)?.flow.store.workspaceId, request.params, filters.sort()];
  return createHash('sha256').update(JSON.stringify(what)).digest('base64url').slice(0, DIGEST_LETTERS);
}

/** @returns the cursor as the store gave it @throws AlmanacError CURSOR_INVALID */
export function ownCursor(name: string, request: FastifyRequest, after: string): string {
  const [list, ...rest] = after.split('.');
  if (list === listOf(name, request)) return rest.join('.');
  throw new AlmanacError('CURSOR_INVALID', 'The cursor in `after` is not one that this list gave with these filters.', {
    hint: 'Pass the `next` of the page before, unchanged and with the same filters, or leave `after` out for the first page.',
    subject: { after: after.slice(0, 200) },
  });
}

@Injectable()
export class CursorInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { name } = endpointOf(context);
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    return next.handle().pipe(
      map((answer: unknown) => {
        const { next: cursor } = (answer ?? {}) as { next?: unknown };
        return typeof cursor === 'string' ? { ...(answer as object), next: `${listOf(name, request)}.${cursor}` } : answer;
      }),
    );
  }
}
