import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import { Frequency } from '@almanac/series';
import { byName, readContent, type ReadFile } from './reading.js';

type Table = { id: string; step: number; value: number | null }[];

/** How a table of observations is put into a file. */
interface Way {
  frequency: string;
  timeZone: string;
  format: 'csv' | 'tsv' | 'ndjson' | 'json' | 'parquet';
  layout: 'long' | 'wide';
  compression: 'none' | 'gzip' | 'zstd';
  newline: '\n' | '\r\n';
  decimal: '.' | ',';
  clock: 'date or instant' | 'epoch milliseconds';
}

const way: fc.Arbitrary<Way> = fc.record({
  frequency: fc.constantFrom('15min', 'h', '6h', 'D', 'W-MON', 'W-SUN', 'MS', 'QS', 'YS', 'ME', 'QE', 'YE', '1'),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'),
  format: fc.constantFrom('csv', 'tsv', 'ndjson', 'json', 'parquet'),
  layout: fc.constantFrom('long', 'wide'),
  compression: fc.constantFrom('none', 'gzip', 'zstd'),
  newline: fc.constantFrom('\n', '\r\n'),
  decimal: fc.constantFrom('.', ','),
  clock: fc.constantFrom('date or instant', 'epoch milliseconds'),
});

// Names are trimmed, and a wide file's columns must not be taken for its time column.
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text.trim() === text && !/^(ds|unique_id|y)$/i.test(text) && !/[\p{C}\uFFFD]/u.test(text));
const value = fc.option(
  fc.oneof(
    fc.integer({ min: -1_000_000, max: 1_000_000 }),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }).map((x) => (Object.is(x, -0) ? 0 : x)),
  ),
  { freq: 6 },
);

const table: fc.Arbitrary<Table> = fc
  .tuple(fc.uniqueArray(name, { minLength: 1, maxLength: 3, selector: (text) => text.toLowerCase() }), fc.integer({ min: 0, max: 100 }))
  .chain(([ids, start]) =>
    fc.tuple(
      ...ids.map((id) =>
        fc
          .uniqueArray(fc.record({ step: fc.integer({ min: 0, max: 40 }), value }), {
            minLength: 1,
            maxLength: 12,
            selector: ({ step }) => step,
          })
          .map((points) => points.map((point) => ({ id, step: start + point.step, value: point.value }))),
      ),
    ),
  )
  .map((series) => series.flat())
  .filter((rows) => rows.some((row) => row.value !== null));

function timeOf(step: number, { frequency, timeZone, clock }: Way): string {
  const grid = Frequency.parse(frequency, timeZone);
  if (grid.kind === 'integer') return String(step);
  // Far enough from 1970 that milliseconds cannot be plain integers.
  const shifted = grid.floorStep(Date.UTC(2019, 0, 1)) + 1 + step;
  if (clock === 'epoch milliseconds') return String(grid.timeOf(shifted));
  return grid.format(shifted);
}

function stepOf(step: number, { frequency, timeZone }: Way): number {
  const grid = Frequency.parse(frequency, timeZone);
  return grid.kind === 'integer' ? step : grid.floorStep(Date.UTC(2019, 0, 1)) + 1 + step;
}

/** Records as a file would hold them, wide or long. */
function recordsOf(rows: Table, chosen: Way): Record<string, string | number | null>[] {
  if (chosen.layout === 'long') return rows.map(({ id, step, value: y }) => ({ unique_id: id, ds: timeOf(step, chosen), y }));
  const ids = [...new Set(rows.map(({ id }) => id))];
  const steps = [...new Set(rows.map(({ step }) => step))];
  return steps.map((step) => ({
    ds: timeOf(step, chosen),
    ...Object.fromEntries(ids.map((id) => [id, rows.find((row) => row.id === id && row.step === step)?.value ?? null])),
  }));
}

async function write(rows: Table, chosen: Way): Promise<Buffer> {
  const records = recordsOf(rows, chosen);
  const columns = Object.keys(records[0]!).sort((a, b) => (a === 'ds' ? -1 : b === 'ds' ? 1 : 0));
  const pack = {
    none: (content: string | Buffer) => Buffer.from(content),
    gzip: (content: string | Buffer) => gzipSync(content),
    zstd: (content: string | Buffer) => zstdCompressSync(content),
  }[chosen.compression];
  if (chosen.format === 'parquet') return pack(await parquet(records, columns));
  if (chosen.format === 'json') return pack(JSON.stringify(records));
  if (chosen.format === 'ndjson') return pack(records.map((record) => JSON.stringify(record) + chosen.newline).join(''));
  const delimiter = chosen.format === 'tsv' ? '\t' : ';';
  const cell = (content: string | number | null): string => {
    if (content === null) return '';
    const text = typeof content === 'number' && chosen.decimal === ',' ? String(content).replace('.', ',') : String(content);
    return /["\t;,\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return pack(
    [columns, ...records.map((record) => columns.map((column) => record[column] ?? null))]
      .map((cells) => cells.map(cell).join(delimiter) + chosen.newline)
      .join(''),
  );
}

async function parquet(records: Record<string, string | number | null>[], columns: string[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-parquet-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const text = (content: string): string => `'${content.replaceAll("'", "''")}'`;
    const sql = (content: string | number | null): string =>
      content === null ? 'NULL' : typeof content === 'number' ? `'${content}'::DOUBLE` : text(content);
    const rows = records.map((record) => `(${columns.map((column) => sql(record[column] ?? null)).join(', ')})`);
    const named = columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(', ');
    await connection.run(
      `COPY (SELECT * FROM (VALUES ${rows.join(', ')}) t(${named})) TO ${text(join(folder, 'f.parquet'))} (FORMAT parquet)`,
    );
    return await readFile(join(folder, 'f.parquet'));
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What must come back: from the first value to the last, per series. */
function expected(rows: Table, chosen: Way): ReadFile['series'] {
  const grid = Frequency.parse(chosen.frequency, chosen.timeZone);
  const series: ReadFile['series'] = byName();
  for (const id of new Set(rows.map((row) => row.id))) {
    const known = new Map(
      rows.flatMap((row) => (row.id === id && row.value !== null ? [[stepOf(row.step, chosen), row.value] as const] : [])),
    );
    if (known.size === 0) continue;
    const [first, last] = [Math.min(...known.keys()), Math.max(...known.keys())];
    series[id] = [grid.format(first), ...Array.from({ length: last - first + 1 }, (_, at) => known.get(first + at) ?? null)];
  }
  return series;
}

it('any table of observations comes back equal, whatever it was written as', async () => {
  await fc.assert(
    fc.asyncProperty(table, way, async (rows, chosen) => {
      const read = await readContent(`f.${chosen.format}`, await write(rows, chosen), {
        frequency: chosen.frequency,
        timeZone: chosen.timeZone,
        layout: chosen.layout,
        decimalSeparator: chosen.format === 'csv' || chosen.format === 'tsv' ? chosen.decimal : '.',
      });
      expect(read.series).toEqual(expected(rows, chosen));
      expect(read.rejects).toEqual([]);
    }),
    { numRuns: 30 * inject('fuzz'), endOnFailure: true },
  );
}, 300_000);
