/** Excel workbooks, read as uploads are. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { ingestOptions, type IngestOptionsInput } from '@almanac/contracts';
import { DEFAULT_INGEST_LIMITS } from '@almanac/platform';
import { writeXlsx } from 'hucre';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Piece } from '../frames.js';
import type { HeadMessage, ReaderMessage } from '../protocol.js';
import { read } from './read.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'almanac-workbook-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Reading {
  head: HeadMessage;
  rejects: { line: number | null; text: string }[];
  values: Record<string, number[]>;
}

async function reading(content: Uint8Array, options: Partial<IngestOptionsInput> = {}, fileName = 'sales.xlsx'): Promise<Reading> {
  const path = join(folder, 'file');
  await writeFile(path, content);
  const messages: ReaderMessage[] = [];
  const values: Record<string, number[]> = {};
  const job = {
    path,
    fileName,
    options: ingestOptions.parse({ dataset: 'd', ...options }),
    scratch: folder,
    limits: DEFAULT_INGEST_LIMITS,
    now: Date.now(),
  };
  await read(job, {
    message: (message) => Promise.resolve(void messages.push(message)),
    piece: (piece: Piece) => Promise.resolve(void (values[piece.id] ??= []).push(...piece.values)),
  });
  const head = messages.find((message) => message.type === 'head') as HeadMessage;
  return { head, rejects: messages.flatMap((message) => (message.type === 'rejects' ? message.rows : [])), values };
}

const day = (n: number): Date => new Date(Date.UTC(2024, 0, n));
const sales = [
  ['unique_id', 'ds', 'y'],
  ['north, "A"', day(1), 1.5],
  ['north, "A"', day(2), 2],
  ['north, "A"', day(3), null],
  ['north, "A"', day(4), 4],
];
const book = (...sheets: { name: string; rows: unknown[][] }[]): Promise<Uint8Array> => writeXlsx({ sheets } as never);

describe('a workbook', () => {
  it('is read with its dates and numbers; a sheet that nobody named is said', async () => {
    const bytes = await book({ name: 'Sales & co', rows: sales }, { name: 'Notes', rows: [['hello']] });
    const { head, values } = await reading(bytes);
    expect(head).toMatchObject({ format: 'xlsx', frequency: 'D', rowsRead: 4, rowsRejected: 0 });
    expect(head.warnings).toContain('The sheet "Sales & co" was read. The workbook also has Notes; name one with sheet.');
    expect(values).toEqual({ 'north, "A"': [1.5, 2, NaN, 4] });
    // What texts of a sheet look like says nothing of its numbers.
    expect((await reading(bytes, { decimalSeparator: ',' })).values).toEqual(values);
  });

  it('is read from the sheet that is named, its times too, and rows are counted as Excel does', async () => {
    const hours = [0, 1, 2, 3].map((h) => ['a', new Date(Date.UTC(2024, 0, 1, h)), h === 2 ? 'closed' : h]);
    const bytes = await book({ name: 'Cover', rows: [['A report']] }, { name: 'Hours', rows: [['unique_id', 'ds', 'y'], ...hours] });
    const { head, rejects, values } = await reading(bytes, { sheet: 'Hours', maxRejectedShare: 0.5 });
    expect(head).toMatchObject({ frequency: 'h', rowsRead: 4, rowsRejected: 1, warnings: [] });
    expect(rejects).toMatchObject([{ line: 4, text: 'closed' }]);
    expect(values).toEqual({ a: [0, 1, NaN, 3] });
  });

  it('is refused by name: a sheet that it has not, an empty one, what is none, and a sheet of what is no workbook', async () => {
    const bytes = await book({ name: 'Sales', rows: sales }, { name: 'Empty', rows: [] });
    await expect(reading(bytes, { sheet: 'sales' })).rejects.toMatchObject({ code: 'SHEET_NOT_FOUND', hint: 'It has Sales, Empty.' });
    await expect(reading(bytes, { sheet: 'Empty' })).rejects.toMatchObject({ code: 'EMPTY_FILE' });
    await expect(reading(bytes.slice(0, bytes.length / 2))).rejects.toMatchObject({ code: 'FORMAT_MISMATCH' });
    const csv = Buffer.from('unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\n');
    await expect(reading(csv)).rejects.toMatchObject({ code: 'FORMAT_MISMATCH' });
    await expect(reading(csv, { sheet: 'Sales' }, 'sales.csv')).rejects.toMatchObject({ code: 'OPTIONS_CONFLICT' });
    await expect(reading(bytes, { format: 'csv' })).rejects.toMatchObject({ code: 'FORMAT_MISMATCH' });
  });

  it('is refused where little unfolds into much, whatever it says of its size', async () => {
    const bomb = zip(
      { 'xl/workbook.xml': Buffer.from('<workbook><sheets><sheet name="a"/></sheets></workbook>') },
      Buffer.alloc(66 << 20, ' '),
    );
    expect(bomb.length).toBeLessThan(500_000);
    await expect(reading(bomb)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE', status: 413 });
    const lying = zip(
      { 'xl/workbook.xml': Buffer.from('<workbook><sheets><sheet name="a"/></sheets></workbook>') },
      Buffer.alloc(66 << 20, ' '),
      10,
    );
    await expect(reading(lying)).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
    // A cell at the far right makes every row below as wide, though the file holds none of it.
    const wide = [[...new Array<null>(16_383).fill(null), 'x'], ...Array.from({ length: 5000 }, () => ['a'])];
    await expect(reading(await book({ name: 'Wide', rows: wide }))).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
      message: expect.stringContaining('empty ones included') as string,
    });
  });
});

/** An archive with one more entry, whose size may be a lie. Checksums are nobody's matter here. */
function zip(entries: Record<string, Buffer>, more: Buffer, claimed = more.length): Buffer {
  const parts: Buffer[] = [];
  const index: Buffer[] = [];
  let at = 0;
  for (const [name, content] of [...Object.entries(entries), ['xl/sheet.xml', more] as const]) {
    const data = deflateRawSync(content, { level: 1 });
    const size = content === more ? claimed : content.length;
    const sizes = Buffer.alloc(12);
    sizes.writeUInt32LE(data.length, 4);
    sizes.writeUInt32LE(size, 8);
    const nameBytes = Buffer.from(name);
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(nameBytes.length, 0);
    const common = Buffer.concat([Buffer.from([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]), sizes, lengths]);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, data]);
    const where = Buffer.alloc(4);
    where.writeUInt32LE(at);
    index.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 0]), common, Buffer.alloc(10), where, nameBytes]));
    parts.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(index);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(index.length, 8);
  end.writeUInt16LE(index.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end]);
}
