import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { openLog } from './programs.js';

it('a log is put aside and packed when it is full, and no line is lost while few enough were', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-log-'));
  try {
    const log = openLog(join(folder, 'api.log'), '10K');
    for (let i = 0; i < 300; i++) log.write(`line ${String(i).padStart(4, '0')} ${'x'.repeat(88)}\n`);
    await new Promise<void>((resolve) => log.end(resolve));
    const files = readdirSync(folder).filter((name) => !name.startsWith('.'));
    expect(files.length).toBeGreaterThan(2);
    expect(statSync(join(folder, 'api.log')).size).toBeLessThanOrEqual(10_240);
    const read = (name: string): string => {
      const bytes = readFileSync(join(folder, name));
      return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString();
    };
    const lines = files.flatMap((name) => read(name).trimEnd().split('\n')).sort();
    expect(lines.map((line) => Number(line.slice(5, 9)))).toEqual(Array.from({ length: 300 }, (_, i) => i));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
