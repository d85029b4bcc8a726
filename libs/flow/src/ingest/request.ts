/** The request side of ingest: an object that has arrived becomes an upload with a run that will read it. */
import { type IngestOptions, ingestOptions, type IngestOptionsInput, type UploadAccepted } from '@almanac/contracts';
import type { StoredObject } from '@almanac/platform';
import { AlmanacError, checkFrequency } from '@almanac/series';
import { newId, type Store } from '@almanac/store';
import { ask } from '../ask.js';
import { refuseOver } from '../quota/refuse.js';
import type { FlowContext } from '../runs/context.js';
import { readRun } from '../runs/kinds.js';
import { gathers, nothingGathered } from './gathered.js';
import type { SourceMark } from './plan.js';

export interface ArrivedFile {
  fileName: string;
  object: StoredObject;
  options: IngestOptionsInput;
  source?: SourceMark | undefined;
  /** Written with the upload and its run: all of it is there, or nothing. */
  beside?: (within: Store) => Promise<unknown>;
}

/**
 * Uploads into one dataset are applied in the order in which they were accepted: each run starts once the one before has
 * ended, whichever way. A dry run waits for nothing.
 * @throws AlmanacError EMPTY_FILE, FREQUENCY_UNKNOWN, TIME_ZONE_UNKNOWN, UPLOAD_INTERRUPTED
 */
export async function requestIngest(
  context: FlowContext,
  { fileName, object, options: input, source, beside }: ArrivedFile,
): Promise<UploadAccepted> {
  const options = ingestOptions.parse(input);
  if (object.bytes === 0)
    throw new AlmanacError('EMPTY_FILE', `${fileName} is empty.`, {
      hint: 'Upload a file with a header and at least one row.',
      subject: { file: fileName },
    });
  const { dataset, dryRun } = options;
  checkOptions(options);
  const uploadId = newId();
  const run = await ask(
    context,
    { kind: 'ingest', dataset, config: { uploadId, fileName, options, ...(source ? { source } : {}) } },
    {
      after: (within) => (dryRun ? Promise.resolve(null) : within.runs.lastOpenUpload(dataset)),
      beside: async (within) => {
        await beside?.(within);
        await refuseOver(context, within, 'bytes', object.bytes);
        await within.uploads.create({
          id: uploadId,
          fileName,
          size: object.bytes,
          sha256: object.sha256,
          objectKey: object.sha256,
          mapping: options,
        });
        // From here on it is referred to; before, the refusal of another request with the same content may have removed it.
        if (!(await context.objects.has(object.sha256)))
          throw new AlmanacError(
            'UPLOAD_INTERRUPTED',
            `${fileName} was removed while it arrived: another upload of the same content was refused.`,
            {
              hint: 'Send it again.',
              subject: { file: fileName },
              status: 409,
            },
          );
      },
    },
  );
  return { uploadId, runId: run.id, dataset };
}

/** Whatever can be refused before a file is read. @throws AlmanacError OPTIONS_CONFLICT, FREQUENCY_UNKNOWN, TIME_ZONE_UNKNOWN */
export function checkOptions(options: IngestOptions): void {
  const { frequency, timeZone } = options;
  if (options.dropPartialSteps && !gathers(options)) throw nothingGathered(options);
  checkFrequency(frequency === 'auto' ? 'D' : frequency, timeZone);
}

/** What the request was answered with that made this run. @throws AlmanacError RUN_NOT_FOUND */
export async function acceptedUpload({ store }: Pick<FlowContext, 'store'>, runId: string): Promise<UploadAccepted> {
  const { config, dataset } = readRun('ingest', await store.runs.get(runId));
  return { uploadId: config.uploadId, runId, dataset: dataset! };
}
