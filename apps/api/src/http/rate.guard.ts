/** So many requests a minute per key (or per address without one); over it, 429 with Retry-After. */
import { Injectable } from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { bearerOf, hashOfKey } from './auth.guard.js';

@Injectable()
export class RateGuard extends ThrottlerGuard {
  protected override getTracker(request: Record<string, unknown>): Promise<string> {
    const asked = request as unknown as FastifyRequest;
    const key = bearerOf(asked);
    return Promise.resolve(key ? hashOfKey(key) : asked.ip);
  }

  /** One allowance for the whole API, not one per endpoint. */
  protected override generateKey(_context: unknown, tracker: string): string {
    return tracker;
  }
}
