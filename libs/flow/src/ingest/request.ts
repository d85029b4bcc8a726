/** The request side of ingest: an object that has arrived becomes an upload with a run that will read it. */
import { type IngestOptions, ingestOptions, type IngestOptionsInput, type UploadAccepted } from '@almanac/contracts';
import type { StoredObject } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import type { Json } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';
import { startRun } from '../runs/runs.js';

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

/** @throws AlmanacError EMPTY_FILE */
export async function requestIngest(context: FlowContext, { fileName, object, options: input }: ArrivedFile): Promise<UploadAccepted> {
  const options = ingestOptions.parse(input);
  if (object.bytes === 0)
    throw new AlmanacError('EMPTY_FILE', `${fileName} is empty.`, {
      hint: 'Upload a file with a header and at least one row.',
      subject: { file: fileName },
    });
  const upload = await context.store.uploads.create({
    fileName,
    size: object.bytes,
    sha256: object.sha256,
    objectKey: object.sha256,
    mapping: options as unknown as Json,
  });
  const plan: IngestPlan = { uploadId: upload.id, fileName, options };
  const run = await startRun(context, { kind: 'ingest', dataset: options.dataset, config: plan as unknown as Json });
  return { uploadId: upload.id, runId: run.id, dataset: options.dataset };
}
