// Layer rules: dependencies point one way (docs/adr/0001). `npm run lint` also runs the cycle check.
import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const layers = {
  series: [],
  contracts: ['series'],
  kernels: ['series'],
  forecasting: ['kernels', 'series'],
  platform: ['series'],
  store: ['series'],
  flow: ['store', 'forecasting', 'platform', 'contracts', 'series'],
  server: ['flow', 'store', 'platform', 'contracts', 'series'],
  client: ['contracts'],
  local: ['contracts', 'platform', 'series'],
  test: ['series', 'contracts', 'kernels', 'forecasting', 'platform', 'store', 'flow', 'server', 'client', 'local'],
};

export default tseslint.config(
  {
    ignores: [
      '.venv/**',
      '**/dist/**',
      '**/build/**',
      '**/node_modules/**',
      '.nx/**',
      '.almanac/**',
      'libs/kernels/assembly/**',
      '**/vite.config.ts',
      '.dependency-cruiser.cjs',
      // Entry points of packages that are put together by infra/packages/pack.mjs; no workspace is one of them.
      'infra/packages/*/**',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx,js,mjs}'],
    languageOptions: { globals: globals.node },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          allow: [],
          depConstraints: Object.entries(layers).map(([layer, allowed]) => ({
            sourceTag: `layer:${layer}`,
            onlyDependOnLibsWithTags: allowed.concat(layer).map((name) => `layer:${name}`),
          })),
        },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // Prettier keeps code within the width; this keeps comments there. Strings may go beyond it.
      'max-len': ['error', { code: 140, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  // Rules that know types. A promise that nobody waits for loses its error; a switch that forgets a case goes on without a word.
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: {
      parserOptions: { project: ['tsconfig.lint.json', 'apps/dashboard/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  // Nest reads constructor parameter types at run time, so they must be value imports.
  { files: ['apps/{api,worker}/**/*.ts'], rules: { '@typescript-eslint/consistent-type-imports': 'off' } },
  // Only the store speaks to Postgres through typeorm and pg; the platform's drivers hold their own connections.
  {
    files: ['**/*.{ts,tsx}'],
    ignores: ['libs/store/**', 'libs/platform/**', 'test/**', '**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: ['typeorm', 'pg', 'pg-copy-streams'].map((name) => ({ name, message: 'Only libs/store speaks to Postgres.' })) },
      ],
    },
  },
  // Every file that is read waits for what its process loads.
  {
    files: ['libs/flow/src/ingest/reader/*.ts', 'libs/flow/src/ingest/{far,frames,gathered,limits,protocol,reader,span}.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: ['@almanac/contracts', '@almanac/platform', 'hucre', 'hucre/xlsx'].map((name) => ({
            name,
            message: 'The reader loads it at its start: take its types only, or one of its parts by its own path.',
            allowTypeImports: true,
          })),
        },
      ],
    },
  },
  // Specs on a real database take theirs from test/support; nothing imports a spec, so no layer is crossed.
  { files: ['**/*.db.spec.ts', 'test/support/api.ts'], rules: { '@nx/enforce-module-boundaries': 'off' } },
  // What is due, alive, over or in the future is so by the database's clock, whatever that of a machine says.
  {
    files: ['{apps/api,apps/worker,libs/flow,libs/store,libs/platform,infra/local}/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[
          'CallExpression[callee.object.name="Date"][callee.property.name="now"]',
          'NewExpression[callee.name="Date"][arguments.length=0]',
        ].map((selector) => ({ selector, message: 'Take the present of the context or of the database; for a span, performance.now().' })),
      ],
    },
  },
  // The environment is parsed once, in libs/platform.
  {
    files: ['{apps,libs}/**/*.{ts,tsx}'],
    ignores: ['libs/platform/**', '**/*.spec.ts'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'Read configuration from libs/platform.' }],
    },
  },
  { files: ['infra/local/**', 'infra/packages/**', 'apps/cli/**', 'test/**'], rules: { 'no-console': 'off' } },
  // Plain JavaScript says its types in comments.
  { files: ['**/*.mjs'], rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' } },
  {
    files: ['apps/dashboard/**/*.{ts,tsx}'],
    languageOptions: { globals: globals.browser },
    plugins: { 'react-hooks': reactHooks },
    rules: { ...reactHooks.configs.recommended.rules, '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
);
