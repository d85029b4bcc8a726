/**
 * Bodies that do not come: one that is parsed has to be there within a time, one that is streamed may take hours but not
 * stand still. A late client gets 408 and is disconnected like any other that was refused.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from './problem.js';
import { AlmanacError } from '@almanac/series';

export interface BodyPatience {
  /** For the whole of a body that is parsed. */
  wholeMs: number;
  /** For the next byte of one that is streamed. */
  idleMs: number;
}

export const BODY_PATIENCE: BodyPatience = { wholeMs: 30_000, idleMs: 30_000 };

/** @param streamed whether the body is handed on as it comes */
export function watchBody(request: FastifyRequest, reply: FastifyReply, streamed: boolean, { wholeMs, idleMs }: BodyPatience): void {
  const { raw } = request;
  let [bytes, since] = [raw.socket.bytesRead, performance.now()];
  const timer = setInterval(
    () => {
      const now = performance.now();
      const moved = raw.socket.bytesRead !== bytes;
      // While what has come waits for a slow disk of ours, the client is not late.
      if (streamed && (moved || raw.readableLength > 0)) [bytes, since] = [raw.socket.bytesRead, now];
      if (raw.complete || reply.raw.writableEnded) return clearInterval(timer);
      if (now - since < (streamed ? idleMs : wholeMs)) return;
      clearInterval(timer);
      const problem = problemOf(late(streamed ? idleMs : wholeMs, streamed), request);
      if (reply.sent || reply.raw.headersSent) raw.destroy();
      else {
        reply.hijack();
        reply.raw.writeHead(408, {
          'content-type': 'application/problem+json; charset=utf-8',
          connection: 'close',
          'x-request-id': request.id,
        });
        reply.raw.end(JSON.stringify(problem), () => raw.destroy());
      }
    },
    Math.max(50, Math.min(wholeMs, idleMs) / 10),
  ).unref();
  raw.once('close', () => clearInterval(timer));
}

const late = (ms: number, streamed: boolean): AlmanacError =>
  new AlmanacError(
    'BODY_TOO_SLOW',
    streamed ? `Nothing of the body came for ${ms / 1000} s.` : `The body was not there within ${ms / 1000} s.`,
    {
      hint: 'Nothing of it was kept. Send it again over a better connection; files go to POST /v1/uploads, which may take as long as they move.',
      status: 408,
    },
  );
