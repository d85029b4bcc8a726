/**
 * One file being read by the reader process, from its start to the end of whatever is done with it.
 * Invariant: however that ends, in an error of the caller too, the process and its scratch folder are gone after it.
 */
import type { IngestResult } from '@almanac/contracts';
import type { Piece } from './frames.js';
import type { HeadMessage, ReadJob, RejectedLine } from './protocol.js';
import { type Finding, readFile } from './readerProcess.js';
import type { Span } from './span.js';

/** What is known before the first piece, the pieces as they come, and after the last what only the end tells. */
export interface Reading {
  head: HeadMessage;
  /** Steps of each series, all known before the first piece. */
  spans: readonly Span[];
  duplicates: number;
  /** Of a dry run: why the file would be refused. */
  refusal: IngestResult['refusal'];
  pieces(): AsyncGenerator<Piece, void>;
}

export interface ReadingHooks {
  signal?: AbortSignal | undefined;
  onRejects?: (rows: RejectedLine[]) => Promise<void>;
}

/** @throws AlmanacError whatever the reader refuses the file with; INGEST_FAILED where it died */
export async function reading<T>(
  job: Omit<ReadJob, 'scratch'>,
  { signal, onRejects }: ReadingHooks,
  use: (reading: Reading) => Promise<T>,
): Promise<T> {
  const findings = readFile(job, signal);
  try {
    return await use(await begun(findings, onRejects));
  } finally {
    await findings.return();
  }
}

async function begun(findings: AsyncGenerator<Finding, void>, onRejects: ReadingHooks['onRejects']): Promise<Reading> {
  const spans: Span[] = [];
  for (;;) {
    const { value } = await findings.next();
    if (value === undefined || !('message' in value)) throw new Error('The reader sent no head before its first piece.');
    const { message } = value;
    if (message.type === 'rejects') await onRejects?.(message.rows);
    else if (message.type === 'spans') {
      const { ids, firstSteps, lastSteps, rows } = message;
      for (const [no, id] of ids.entries()) spans.push({ id, firstStep: firstSteps[no]!, lastStep: lastSteps[no]!, rows: rows[no]! });
    }
    if (message.type !== 'head') continue;
    const read: Reading = {
      head: message,
      spans,
      duplicates: 0,
      refusal: null,
      async *pieces() {
        for await (const finding of findings) {
          if ('piece' in finding) yield finding.piece;
          else if (finding.message.type === 'end') ({ duplicates: read.duplicates, refusal: read.refusal } = finding.message);
        }
      },
    };
    return read;
  }
}
