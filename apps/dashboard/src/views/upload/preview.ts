/**
 * The first rows of a text file, read in the browser, so that the mapping can be suggested before anything is sent.
 * Compressed and binary files are left to the dry run, which reads them for real.
 */
export interface Preview {
  columns: string[];
  rows: string[][];
}

const HEAD_BYTES = 64 * 1024;
const SHOWN = 8;

/** Splits one line of delimited text; quoted cells may hold the delimiter. */
export function splitLine(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const character = line[i] ?? '';
    if (quoted && character === '"' && line[i + 1] === '"') cell += line[++i];
    else if (character === '"') quoted = !quoted;
    else if (character === delimiter && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += character;
  }
  return [...cells, cell];
}

export function previewText(text: string): Preview | undefined {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter(Boolean);
  const first = lines[0];
  if (first === undefined) return undefined;
  if (first.startsWith('{')) {
    const objects = lines.slice(0, SHOWN).flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
    const columns = Object.keys(objects[0] ?? {});
    return columns.length > 0
      ? { columns, rows: objects.map((object) => columns.map((column) => String(object[column] ?? ''))) }
      : undefined;
  }
  const delimiter = [',', ';', '\t', '|']
    .map((candidate) => ({ candidate, cells: splitLine(first, candidate).length }))
    .reduce((a, b) => (b.cells > a.cells ? b : a)).candidate;
  const columns = splitLine(first, delimiter);
  return columns.length > 1 ? { columns, rows: lines.slice(1, SHOWN + 1).map((line) => splitLine(line, delimiter)) } : undefined;
}

export async function preview(file: File): Promise<Preview | undefined> {
  if (!/\.(csv|tsv|txt|ndjson|jsonl|json)$/i.test(file.name)) return undefined;
  const whole = file.size <= HEAD_BYTES;
  const text = await file.slice(0, HEAD_BYTES).text();
  // The last line of a cut is torn.
  return previewText(whole ? text : text.slice(0, text.lastIndexOf('\n')));
}

const isNumber = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text.replace(',', '.')));
const isTime = (text: string): boolean => /^\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?/.test(text) && !isNumber(text);

export interface Mapping {
  idColumn?: string;
  timeColumn?: string;
  valueColumn?: string;
}

/** Known names first, then what the cells look like. */
export function suggestMapping({ columns, rows }: Preview): Mapping {
  const named = (...names: string[]): string | undefined => columns.find((column) => names.includes(column.toLowerCase()));
  const where = (test: (text: string) => boolean, taken: (string | undefined)[]): string | undefined =>
    columns.find((column, index) => !taken.includes(column) && rows.length > 0 && rows.every((row) => test(row[index] ?? '')));
  const timeColumn = named('ds', 'date', 'datetime', 'timestamp', 'time') ?? where(isTime, []);
  const idColumn =
    named('unique_id', 'item_id', 'series_id', 'series', 'id') ?? where((text) => !isNumber(text) && !isTime(text), [timeColumn]);
  const valueColumn = named('y', 'value', 'target', 'sales', 'count') ?? where(isNumber, [timeColumn, idColumn]);
  return { ...(idColumn ? { idColumn } : {}), ...(timeColumn ? { timeColumn } : {}), ...(valueColumn ? { valueColumn } : {}) };
}
