/** A form with options, then a file, as uploads and forecasts of files come; the file is left to whoever wants it. */
import { AlmanacError, isAlmanacError } from '@almanac/series';
import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { parsePart } from './route.js';

export interface Incoming<T> {
  fileName: string;
  options: T;
  file: Readable;
  /** To be asked once the file has been read. @throws AlmanacError UPLOAD_MALFORMED where it broke off, or more follows */
  refuseRest: () => Promise<void>;
}

export const refuse = (message: string, hint: string): AlmanacError => new AlmanacError('UPLOAD_MALFORMED', message, { hint });
export const order = 'Send multipart/form-data with a part "options" (JSON) and after it a part "file".';

/** @throws AlmanacError UPLOAD_MALFORMED, REQUEST_INVALID */
export async function fromMultipart<T>(request: FastifyRequest, schema: z.ZodType<T>): Promise<Incoming<T>> {
  parsePart('query', z.object({}), request.query);
  if (!request.isMultipart()) throw refuse('The request has no file.', order);
  let options: T | undefined;
  // Not for-await: leaving that would close what is still to be read.
  const parts = request.parts();
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    const part = next.value;
    if (part.type === 'field') {
      if (part.fieldname !== 'options') throw refuse(`The upload has an unknown part "${part.fieldname}".`, order);
      if (options) throw refuse('The part "options" is given twice.', order);
      options = parsePart('options', schema, optionsOf(part.value));
    } else if (part.fieldname === 'options') {
      throw refuse(
        'The part "options" is a file here.',
        'Send the JSON itself as the value of the part; with curl that is options=<NAME, not options=@NAME.',
      );
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

/** @param value text, or what the reader of forms has made of a part that says it is of the type application/json */
function optionsOf(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) return value;
  try {
    return JSON.parse(String(value));
  } catch {
    throw refuse('The part "options" is not JSON.', order);
  }
}

/** What the reader of a form says about one that is none. */
const FORM_FAULT = /form|part header|boundary|multipart/i;
export const asRefusal = (error: unknown): unknown =>
  error instanceof Error && !isAlmanacError(error) && FORM_FAULT.test(error.message)
    ? refuse(`The form cannot be read: ${error.message}.`, order)
    : error;
