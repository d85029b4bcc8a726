/** Reads the real data of `../shared/data` (beside the repository) for tests, which skip, visibly, where it is absent. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const folder = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

export const hasSharedData = existsSync(folder);

/** Rows of a gzipped CSV file without its header; fields unquoted. The files hold no commas inside fields. */
export function readShared(file: string): string[][] {
  const text = gunzipSync(readFileSync(`${folder}${file}.csv.gz`)).toString('utf8');
  const lines = text.trimEnd().split('\n').slice(1);
  return lines.map((line) => line.split(',').map((field) => field.replaceAll('"', '').trim()));
}

/** M4's wide layout: an id, then values up to the first empty field. */
export function readM4(part: 'train' | 'test'): Map<string, Float64Array> {
  return new Map(
    readShared(`m4_hourly_${part}_wide`).map(([id, ...fields]) => {
      const end = fields.findIndex((field) => field === '' || field === 'NA');
      return [id!, Float64Array.from(end < 0 ? fields : fields.slice(0, end), Number)];
    }),
  );
}
