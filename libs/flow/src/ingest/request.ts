/** The request side of ingest: an object that has arrived becomes an upload with a run that will read it. */
import { type IngestOptions, ingestOptions, type IngestOptionsInput, type UploadAccepted } from '@almanac/contracts';
import type { StoredObject } from '@almanac/platform';
import { AlmanacError, checkFrequency } from '@almanac/series';
import type { Json } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';
import { carry } from '../runs/runs.js';

/** The `config` of an ingest run. */
export interface IngestPlan {
  uploadId: string;
  fileName: string;
  options: IngestOptions;
}

export interface ArrivedFile {
  fileName: string;
  object: StoredObject;
  options: IngestOptionsInput;
}

/**
 * Uploads into one dataset are applied in the order in which they were accepted: each run starts once the one before has
 * ended, whichever way. A dry run waits for nothing.
 * @throws AlmanacError EMPTY_FILE, FREQUENCY_UNKNOWN, TIME_ZONE_UNKNOWN
 */
export async function requestIngest(context: FlowContext, { fileName, object, options: input }: ArrivedFile): Promise<UploadAccepted> {
  const options = ingestOptions.parse(input);
  if (object.bytes === 0)
    throw new AlmanacError('EMPTY_FILE', `${fileName} is empty.`, {
      hint: 'Upload a file with a header and at least one row.',
      subject: { file: fileName },
    });
  const { dataset, dryRun, frequency, timeZone } = options;
  // What can be told before the file is read is told to whoever sends it.
  checkFrequency(frequency === 'auto' ? 'D' : frequency, timeZone);
  const { upload, run } = await context.store.transaction(async (within) => {
    const upload = await within.uploads.create({
      fileName,
      size: object.bytes,
      sha256: object.sha256,
      objectKey: object.sha256,
      mapping: options as unknown as Json,
    });
    const plan: IngestPlan = { uploadId: upload.id, fileName, options };
    const afterId = dryRun ? null : await within.runs.lastOpenUpload(dataset);
    const config = plan as unknown as Json;
    const run = await within.runs.create({ kind: 'ingest', dataset, config, codeVersion: context.codeVersion, afterId });
    return { upload, run };
  });
  // Whoever ended the run before may have looked for followers when this one was not there yet.
  if (run.afterId === null || (await context.store.runs.get(run.afterId)).finishedAt !== null) await carry(context, run);
  return { uploadId: upload.id, runId: run.id, dataset };
}
