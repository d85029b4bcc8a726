// One configuration for every test of the workspace. Cross-library imports resolve to `dist`
// (`npm test` builds first); a file under test is imported from source, relatively.
import { defineConfig } from 'vitest/config';

declare module 'vitest' {
  interface ProvidedContext {
    fuzz: number;
  }
}

// A poll waits as long as a loaded machine may take; it ends as soon as what it waits for is true.
const expectations = { poll: { timeout: 60_000, interval: 50 } };

// Decorators are named here because Oxc reads no tsconfig for files that no `include` lists (the specs).
const oxc = { decorator: { legacy: true, emitDecoratorMetadata: true } };

// Property tests try so many times their usual number of examples; `.ci/long` asks for more.
const provide = { fuzz: Number(process.env['ALMANAC_FUZZ'] ?? 1) };

export default defineConfig({
  test: {
    pool: 'forks',
    // One more than the cores that it is meant for: many tests wait for processes that they started.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: process.env['CI'] ? ['verbose'] : ['default'],
    projects: [
      {
        oxc,
        test: {
          name: 'unit',
          expect: expectations,
          provide,
          include: ['libs/**/src/**/*.spec.ts', 'apps/**/src/**/*.spec.ts', 'infra/**/src/**/*.spec.ts'],
          exclude: ['**/dist/**', '**/node_modules/**', '**/*.db.spec.ts'],
          testTimeout: 180_000 * provide.fuzz,
        },
      },
      {
        oxc,
        test: {
          name: 'integration',
          expect: expectations,
          provide,
          include: ['libs/**/src/**/*.db.spec.ts', 'apps/**/src/**/*.db.spec.ts', 'test/{integration,e2e}/**/*.spec.ts'],
          exclude: ['**/dist/**', '**/node_modules/**'],
          globalSetup: ['test/support/postgres.global.ts'],
          testTimeout: 180_000 * provide.fuzz,
          hookTimeout: 120_000,
        },
      },
      {
        oxc,
        test: {
          name: 'cases',
          expect: expectations,
          provide,
          include: ['test/cases/*.spec.ts'],
          // In this order: the API and worker of all cases stand on the server of the first.
          globalSetup: ['test/support/postgres.global.ts', 'test/support/almanac.global.ts'],
          testTimeout: 180_000 * provide.fuzz,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
