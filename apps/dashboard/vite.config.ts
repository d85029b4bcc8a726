// Builds the dashboard into dist/, each text file also compressed, so that the API serves it without work.
import react from '@vitejs/plugin-react';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const compress: Plugin = {
  name: 'compress',
  apply: 'build',
  closeBundle() {
    const folder = new URL('./dist', import.meta.url).pathname;
    for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(js|css|svg|html)$/.test(entry)) continue;
      const content = readFileSync(join(folder, entry));
      writeFileSync(join(folder, `${entry}.gz`), gzipSync(content, { level: 9 }));
      writeFileSync(join(folder, `${entry}.br`), brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    }
  },
};

/**
 * Descriptions of schemas and summaries of endpoints are for the OpenAPI document, which the API makes; the dashboard shows none of them,
 * and they would be a fifth of what its first view loads.
 */
const withoutDescriptions: Plugin = {
  name: 'without-descriptions',
  apply: 'build',
  transform(code, id) {
    if (!/libs\/contracts\/dist\/(schemas|endpoints)\//.test(id)) return null;
    const cuts: [from: number, to: number, instead: string][] = [];
    const visit = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      const { type, start, end, callee, key, value } = node as Syntax;
      if (type === 'CallExpression' && callee?.type === 'MemberExpression' && callee.property?.name === 'meta')
        cuts.push([callee.object!.end, end, '']);
      else if (type === 'Property' && key?.name === 'summary' && value?.type === 'Literal') cuts.push([value.start, value.end, "''"]);
      else if (start !== undefined) return Object.values(node).flat().forEach(visit);
      // Calls are chained: what it is called on may have one of its own.
      if (callee?.object) visit(callee.object);
    };
    visit(this.parse(code));
    return cuts.sort((a, b) => b[0] - a[0]).reduce((text, [from, to, instead]) => text.slice(0, from) + instead + text.slice(to), code);
  },
};

interface Syntax {
  type: string;
  start: number;
  end: number;
  name?: string;
  callee?: Syntax;
  object?: Syntax;
  property?: Syntax;
  key?: Syntax;
  value?: Syntax;
}

export default defineConfig({
  plugins: [react(), compress, withoutDescriptions],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', reportCompressedSize: false, assetsInlineLimit: 0 },
  server: { proxy: { '/v1': 'http://127.0.0.1:3000' } },
});
