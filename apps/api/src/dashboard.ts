/**
 * Serves the built dashboard beside the API: files under /assets carry their hash in the name and are kept for a year,
 * the page itself is asked for anew each time, and every address of a view answers with the page.
 */
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const policy = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/** @param folder the dashboard's dist; without it the API serves its endpoints only */
export async function serveDashboard(fastify: FastifyInstance, folder: string): Promise<boolean> {
  if (!existsSync(join(folder, 'index.html'))) return false;
  await fastify.register(fastifyStatic, { root: folder, serve: false, preCompressed: true, cacheControl: false });

  fastify.get('/*', { config: { rule: 'open' } }, (request: FastifyRequest<{ Params: { '*': string } }>, reply: FastifyReply) => {
    const path = request.params['*'];
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
    // What clients ask for gets an answer that they can read: our own paths, and those of the nixtla SDK.
    if (/^(v[12]|usage)(\/|$)/.test(path)) return reply.callNotFound();
    if (path.startsWith('assets/')) return reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(path);
    // A name with an ending is a file; anything else is the address of a view.
    if (/^[\w-]+\.\w+$/.test(path) && path !== 'index.html') return reply.header('cache-control', 'public, max-age=3600').sendFile(path);
    return reply.header('cache-control', 'no-cache').header('content-security-policy', policy).sendFile('index.html');
  });
  return true;
}
