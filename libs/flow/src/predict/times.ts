/** The times of a prediction, read as those of a file are; what comes out has one reading. */
import type { PredictionRequest } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { type Fault, readRequestTimes } from '../ingest/requestTimes.js';
import type { FlowContext } from '../runs/context.js';

/** Faults of the reader of files that have another name where a request is refused for them. */
const CODES: Readonly<Record<string, string>> = { TIMESTAMP_INVALID: 'TIME_INVALID', DUPLICATE_TIMESTAMP: 'TIME_TWICE' };
const SHOWN = 5;

interface Grid {
  frequency: string;
  timeZone: string;
}

/**
 * @param own grid of the model, where there is one
 * @returns the request with its times as instants or steps, and what was taken that they do not say by themselves
 * @throws AlmanacError TIME_INVALID, TIME_TWICE, TIMESTAMP_SKIPPED, TIMESTAMP_REPEATED, OFF_GRID and what a file is refused with
 */
export async function withReadTimes(
  request: PredictionRequest,
  own: Grid | undefined,
  context: Pick<FlowContext, 'ingest' | 'now'>,
): Promise<{ request: PredictionRequest; notes: string[] }> {
  const frequency = request.frequency === 'auto' ? (own?.frequency ?? 'auto') : request.frequency;
  const timeZone = request.timeZone ?? own?.timeZone ?? 'UTC';
  const rows = request.series.flatMap(({ uniqueId: id, ds, start }) =>
    (ds ?? (start === undefined ? [] : [start])).map((time, at) => ({ id, ds: time, at })),
  );
  const read = await readRequestTimes(rows, { frequency, timeZone }, context);
  if (!read) return { request, notes: [] };
  if (read.faults.length > 0) throw refusal(rows, read.faults, read.refusal?.hint ?? undefined);
  const { grid, steps } = read;
  let next = 0;
  const series = request.series.map((one): PredictionRequest['series'][number] => {
    const { ds, start } = one;
    if (ds) return { ...one, ds: ds.map(() => grid.wire(steps[next++]!)) };
    return start === undefined ? one : { ...one, start: grid.wire(steps[next++]!) };
  });
  return { request: { ...request, series, frequency: grid.code, timeZone: grid.timeZone }, notes: read.notes };
}

const SAYS: Readonly<Record<string, string>> = {
  TIMESTAMP_INVALID: 'is no time that is understood',
  TIMESTAMP_SKIPPED: 'was shown by no clock of the zone: it went forward over it',
  DUPLICATE_TIMESTAMP: 'comes twice',
  OFF_GRID: 'is not on the grid',
};

function refusal(
  rows: readonly { id: string; ds: string | number; at: number }[],
  faults: readonly Fault[],
  hint: string | undefined,
): AlmanacError {
  const { rule } = faults[0]!;
  const alike = faults.filter((fault) => fault.rule === rule);
  const named = alike.slice(0, SHOWN).map(({ row }) => {
    const { id, ds, at } = rows[row]!;
    return { series: id, position: at, ds };
  });
  const [{ series, position, ds } = { series: '', position: 0, ds: '' }] = named;
  const more = faults.length > 1 ? ` ${faults.length - 1} more times are at fault.` : '';
  return new AlmanacError(
    CODES[rule] ?? rule,
    `"${ds}" (position ${position}) in the series "${series}" ${SAYS[rule] ?? `breaks ${rule}`}.${more}`,
    {
      hint: hint ?? 'Write 2024-01-31, 2024-01-31T23:00:00Z or 2024-01-31T23:00:00+01:00.',
      subject: { series, ds, position, rows: named },
    },
  );
}
