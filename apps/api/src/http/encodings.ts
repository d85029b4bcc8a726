/**
 * Bodies that come compressed: gzip, Brotli or Zstandard, by `Content-Encoding`. What comes out counts against the limit of the route,
 * as it is read, so that a small body that swells is refused on the way. A streamed file is not touched: its reader knows its format.
 */
import { AlmanacError } from '@almanac/series';
import { type Endpoint, endpoints } from '@almanac/contracts';
import type { FastifyInstance } from 'fastify';
import { type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

export function decodeBodies(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase();
    const { rule } = request.routeOptions.config;
    if (encoding === undefined || encoding === 'identity' || rule === undefined || rule === 'open') return done(null, payload);
    if ((endpoints[rule] as Endpoint).consumes !== undefined) return done(null, payload);
    const make = DECODERS[encoding];
    if (make === undefined)
      return done(
        new AlmanacError('ENCODING_UNSUPPORTED', `Bodies are not read in the encoding "${encoding.slice(0, 100)}".`, {
          hint: `Send it as it is, or in ${Object.keys(DECODERS).join(', ')}.`,
          status: 415,
        }),
      );
    return done(null, decoded(payload as Readable, make(), encoding));
  });
}

/** Fastify compares what came over the wire with the length that was declared. */
type Counted = Transform & { receivedEncodedLength?: number };

function decoded(source: Readable, decoder: Transform, encoding: string): Transform {
  const out: Counted = new Transform({ transform: (chunk, _, next) => next(null, chunk) });
  out.receivedEncodedLength = 0;
  source.on('data', (chunk: Buffer) => (out.receivedEncodedLength! += chunk.length));
  source.once('error', (error) => out.destroy(error));
  decoder.once('error', () =>
    out.destroy(
      new AlmanacError('BODY_UNREADABLE', `The body is not what its encoding says: ${encoding}.`, {
        hint: 'Send it as it is, without the header Content-Encoding.',
      }),
    ),
  );
  source.pipe(decoder).pipe(out);
  return out;
}
