/**
 * What Node cannot read as a request at all has no route and no id; it is answered with a problem like any other. `ConnectionError` is
 * Fastify's name for it.
 */
import { toProblem } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_TYPE } from './problem.js';

const REFUSALS: Readonly<Record<string, AlmanacError>> = {
  HPE_HEADER_OVERFLOW: new AlmanacError('REQUEST_HEADERS_TOO_LARGE', 'The address and the headers have more than 16 KB together.', {
    hint: 'Send what is long in a body.',
    status: 431,
  }),
  ERR_HTTP_REQUEST_TIMEOUT: new AlmanacError('REQUEST_TOO_SLOW', 'The headers did not arrive in time.', { status: 408 }),
};
const UNREADABLE = new AlmanacError('REQUEST_UNREADABLE', 'This is no request of HTTP/1.1.', { status: 400 });

export function refuseUnparsed(error: { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const problem = toProblem(REFUSALS[error.code ?? ''] ?? UNREADABLE);
  const body = JSON.stringify({ ...problem, title: STATUS_CODES[problem.status] });
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
