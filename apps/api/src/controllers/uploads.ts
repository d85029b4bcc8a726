/**
 * Uploads: the body goes straight into object storage while it is hashed, so memory stays flat whatever the size of the
 * file; then an ingest run reads it. As multipart (options, then file) or as the bare file with options in the query.
 */
import { Controller, Req, Res } from '@nestjs/common';
import { type IngestOptions, ingestOptions, type UploadAccepted } from '@almanac/contracts';
import { requestIngest } from '@almanac/flow/ingest';
import { withinBytes } from '@almanac/flow/quota';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError, isAlmanacError } from '@almanac/series';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Flow } from '../http/caller.js';
import { once } from '../http/idempotency.js';
import { parsePart, Route } from '../http/route.js';
import { refuseText } from '../http/text.js';

interface Incoming {
  fileName: string;
  options: IngestOptions;
  file: Readable;
  /** To be asked once the file has been read. @throws AlmanacError UPLOAD_MALFORMED where it broke off, or more follows */
  refuseRest: () => Promise<void>;
}

const refuse = (message: string, hint: string): AlmanacError => new AlmanacError('UPLOAD_MALFORMED', message, { hint });
const order = 'Send multipart/form-data with a part "options" (JSON) and after it a part "file".';

async function fromMultipart(request: FastifyRequest): Promise<Incoming> {
  parsePart('query', z.object({}), request.query);
  let options: IngestOptions | undefined;
  // Not for-await: leaving that would close what is still to be read.
  const parts = request.parts();
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    const part = next.value;
    if (part.type === 'field') {
      if (part.fieldname !== 'options') throw refuse(`The upload has an unknown part "${part.fieldname}".`, order);
      if (options) throw refuse('The part "options" is given twice.', order);
      options = parsePart('options', ingestOptions, optionsFromText(String(part.value)));
    } else {
      if (!options) throw refuse('The part "options" is missing, or comes after the file.', order);
      const refuseRest = async (): Promise<void> => {
        if (part.file.truncated) throw refuse('The file did not arrive whole.', 'Send it again.');
        if (!(await parts.next()).done) throw refuse('The upload has a part after its file.', 'Send one file in each request.');
      };
      return { fileName: part.filename, options, file: part.file, refuseRest };
    }
  }
  throw refuse('The upload has no file.', order);
}

function optionsFromText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('The part "options" is not JSON.', order);
  }
}

/** What the reader of a form says about one that is none. */
const FORM_FAULT = /form|part header|boundary|multipart/i;
const asRefusal = (error: unknown): unknown =>
  error instanceof Error && !isAlmanacError(error) && FORM_FAULT.test(error.message)
    ? refuse(`The form cannot be read: ${error.message}.`, order)
    : error;

/** Query parameters as options: lists with commas, numbers and booleans as such. */
export function optionsFromQuery(query: Record<string, string>): IngestOptions {
  const values: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(query)) {
    if (typeof text !== 'string')
      throw new AlmanacError('REQUEST_INVALID', `query.${key} is given more than once.`, { hint: 'Give it once.' });
    const field = Object.hasOwn(ingestOptions.shape, key) ? (ingestOptions.shape[key as keyof IngestOptions] as z.ZodType) : undefined;
    const example: unknown = field?.safeParse(undefined).data;
    if (Array.isArray(example)) values[key] = text.split(',').filter(Boolean);
    else if (typeof example === 'number') values[key] = Number(text);
    else if (typeof example === 'boolean')
      values[key] = text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
    else values[key] = text;
  }
  return parsePart('query', ingestOptions, values);
}

function fromBody(request: FastifyRequest): Incoming {
  if (!(request.body instanceof Readable))
    throw refuse('The upload has no file.', `${order} Or send the bare file as application/octet-stream.`);
  const { fileName = 'upload', ...rest } = request.query as Record<string, string>;
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
      const incoming = request.isMultipart() ? await fromMultipart(request) : fromBody(request);
      const { fileName, options } = incoming;
      refuseText({ fileName, options }, 'options');
      const stored = await flow.objects.put(withinBytes(flow, incoming.file));
      await incoming.refuseRest();
      return await once(request, reply, { fileName, options, ...stored }, () => requestIngest(flow, { fileName, options, object: stored }));
    } catch (error) {
      // The rest of the body is read and dropped, or the client would never read the answer.
      request.raw.resume();
      throw asRefusal(error);
    }
  }
}
