/** A real HTTP server that takes webhooks: it keeps what it got, and answers as the test says. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Receiver {
  url: string;
  got: Received[];
  /** Bodies by type, in order of arrival. */
  types(): string[];
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

/** @param answer how the request with that number, from 0 on, is answered; 204 unless it answers itself */
export async function startReceiver(
  answer: (request: Received, no: number, response: ServerResponse) => number | undefined = () => 204,
): Promise<Receiver> {
  const got: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const received = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString('utf8') };
      const status = answer(received, got.push(received) - 1, response);
      if (status !== undefined) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    types: () => got.map(({ body }) => (JSON.parse(body) as { type: string }).type),
    async until(count) {
      while (got.length < count) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The message, if the signature is right by the reference implementation of Standard Webhooks; else it throws. */
export function verified(secret: string, { body, headers }: Received): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}
