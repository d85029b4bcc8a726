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

export default defineConfig({
  plugins: [react(), compress],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', reportCompressedSize: false, assetsInlineLimit: 0 },
  server: { proxy: { '/v1': 'http://127.0.0.1:3000' } },
});
