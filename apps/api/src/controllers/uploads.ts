/**
 * Uploads: the body goes straight into object storage while it is hashed, so memory stays flat whatever the size of the
 * file; then an ingest run reads it. As multipart (options, then file) or as the bare file with options in the query.
 */
import { Controller, Req, Res } from '@nestjs/common';
import { type IngestOptions, ingestOptions, type UploadAccepted } from '@almanac/contracts';
import { parseCsv } from '@almanac/contracts/csv';
import { forgetContent } from '@almanac/flow/erase';
import { acceptedUpload, requestIngest } from '@almanac/flow/ingest';
import { withinBytes } from '@almanac/flow/quota';
import type { FlowContext } from '@almanac/flow/runs';
import type { StoredObject } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { z } from 'zod';
import { Flow } from '../http/caller.js';
import { once } from '../http/idempotency.js';
import { asRefusal, fromMultipart, type Incoming, order, refuse } from '../http/multipart.js';
import { parsePart, Route } from '../http/route.js';
import { refuseText } from '../http/text.js';

/** Number where the schema asks for one; what it says of anything else names the parameter. */
const numberOf = (text: string): unknown => (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text));

/**
 * Query parameters as options: numbers and booleans as such; a list has commas between its entries, which quotes protect, or the parameter
 * is repeated, as for the CLI: `futureCovariates="Price, EUR"&futureCovariates=promo`.
 */
export function optionsFromQuery(query: Record<string, string | string[]>): IngestOptions {
  const values: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(query)) {
    const field = Object.hasOwn(ingestOptions.shape, key) ? (ingestOptions.shape[key as keyof IngestOptions] as z.ZodType) : undefined;
    const example: unknown = field?.safeParse(undefined).data;
    const several = [given].flat().flatMap((text) => (parseCsv(text)[0] ?? []).filter(Boolean));
    if (Array.isArray(example)) values[key] = several;
    else if (key === 'seasonLength') values[key] = several.map(numberOf);
    else if (typeof given !== 'string')
      throw new AlmanacError('REQUEST_INVALID', `query.${key} is given more than once.`, { hint: 'Give it once.' });
    else if (typeof example === 'number' || key === 'yearPivot') values[key] = numberOf(given);
    else if (typeof example === 'boolean')
      values[key] = given === 'true' || given === '1' ? true : given === 'false' || given === '0' ? false : given;
    else values[key] = given;
  }
  return parsePart('query', ingestOptions, values);
}

function fromBody(request: FastifyRequest): Incoming<IngestOptions> {
  if (!(request.body instanceof Readable))
    throw refuse('The upload has no file.', `${order} Or send the bare file as application/octet-stream.`);
  const { fileName = 'upload', ...rest } = request.query as Record<string, string | string[]>;
  if (typeof fileName !== 'string') throw refuse('query.fileName is given more than once.', 'Give it once.');
  return { fileName, options: optionsFromQuery(rest), file: request.body, refuseRest: () => Promise.resolve() };
}

@Controller()
export class UploadsController {
  @Route('createUpload')
  async create(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Flow() flow: FlowContext,
  ): Promise<UploadAccepted> {
    try {
      const incoming = request.isMultipart() ? await fromMultipart(request, ingestOptions) : fromBody(request);
      const { fileName, options } = incoming;
      refuseText({ fileName, options }, 'options');
      const stored = await flow.objects.put(withinBytes(flow, incoming.file));
      return await this.accept(request, reply, flow, incoming, stored).catch(async (error: unknown) => {
        await forgetContent(flow, stored.sha256);
        throw error;
      });
    } catch (error) {
      // The rest of the body is read and dropped, or the client would never read the answer.
      request.raw.resume();
      throw asRefusal(error);
    }
  }

  private async accept(
    request: FastifyRequest,
    reply: FastifyReply,
    flow: FlowContext,
    { fileName, options, refuseRest }: Incoming<IngestOptions>,
    stored: StoredObject,
  ): Promise<UploadAccepted> {
    await refuseRest();
    return once(
      request,
      reply,
      { fileName, options, ...stored },
      {
        work: (within) => requestIngest(within, { fileName, options, object: stored }),
        again: (runId) => acceptedUpload(flow, runId),
      },
    );
  }
}
