/** What is said where a file needs more than its reader may take. None of it says anything about the file but its size. */
import { AlmanacError } from '@almanac/series';
import type { ReadLimits } from './protocol.js';

const SPLIT = 'Split it into several uploads.';

/** Memory, or the disk beside it. */
export function outOfRoom(fileName: string, { memoryMb, scratchMb }: ReadLimits): AlmanacError {
  const disk = scratchMb === undefined ? '' : ` and ${scratchMb} MB of disk`;
  return new AlmanacError(
    'FILE_TOO_LARGE',
    `Reading ${fileName} takes more than the ${memoryMb} MB of memory${disk} that the reader may use.`,
    {
      hint: `${SPLIT} The operator sets the bounds: ALMANAC_READER_MEMORY_MB and ALMANAC_READER_SCRATCH_MB.`,
      subject: { file: fileName, memoryMb, scratchMb },
      status: 413,
    },
  );
}

export function outOfTime(fileName: string, seconds: number): AlmanacError {
  return new AlmanacError('FILE_TOO_SLOW', `Reading ${fileName} takes longer than the ${seconds} seconds that the reader may use.`, {
    hint: `${SPLIT} The operator sets the bound: ALMANAC_READER_SECONDS.`,
    subject: { file: fileName, seconds },
    status: 413,
  });
}
