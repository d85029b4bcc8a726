/** An awkward file and what must come of it: series, or the code it is refused with. */
import type { IngestOptionsInput } from '@almanac/contracts';
import type { ReadFile } from './reading.js';

export interface Case {
  name: string;
  file: string;
  content: string | Buffer;
  options?: Partial<IngestOptionsInput>;
  series?: ReadFile['series'];
  covariates?: ReadFile['covariates'];
  statics?: ReadFile['statics'];
  frequency?: string;
  /** [line, rule, text] of every rejected row, with `maxRejectedShare` 1 or in a dry run. */
  rejects?: [line: number | null, rule: string, text: string][];
  duplicates?: number;
  /** Stable code, and what the message or the hint must say. */
  error?: { code: string; says?: RegExp; subject?: Record<string, unknown> };
}
