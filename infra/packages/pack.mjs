/**
 * Publishable npm packages of what is useful without the platform: `node infra/packages/pack.mjs [FOLDER]` after a build.
 * Each carries the workspaces that it needs inside itself (`bundleDependencies`) and names what it imports from npm in the versions of this
 * repository. The scope is a placeholder for the one that they will be published under.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { version, license, dependencies: versions } = json(join(root, 'package.json'));
const FOLDERS = {
  series: 'libs/series',
  contracts: 'libs/contracts',
  kernels: 'libs/kernels',
  forecasting: 'libs/forecasting',
  cli: 'apps/cli',
};

const PACKAGES = [
  {
    name: 'client',
    description: 'Typed client of the Almanac API, for Node and browsers',
    bundled: ['contracts', 'series'],
    own: 'infra/packages/client',
  },
  { name: 'cli', description: 'almanac: time-series forecasting from the command line', of: 'cli', bundled: ['contracts', 'series'] },
  { name: 'forecasting', description: 'Time-series forecasters in TypeScript', of: 'forecasting', bundled: ['kernels', 'series'] },
];

/** What a workspace is at run time: built code and what lies beside it, without sources and tests. */
function copyWorkspace(folder, target) {
  mkdirSync(target, { recursive: true });
  for (const part of ['dist', 'bin', 'weights', 'build', 'README.md'])
    if (existsSync(join(folder, part)))
      cpSync(join(folder, part), join(target, part), {
        recursive: true,
        filter: (path) => !/\.tsbuildinfo$|\.map$|\.spec\.(js|d\.ts)$/.test(path),
      });
}

const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((one) =>
    one.isFile() && /\.(js|d\.ts)$/.test(one.name) ? [join(one.parentPath, one.name)] : [],
  );

/** Packages of npm that the files import. */
function importedBy(folder) {
  const named =
    /(?:^|[\s;}])(?:import|export)\s[^'"()]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|^import\s*['"]([^'"]+)['"]/gm;
  const found = files(folder).flatMap((file) => [...readFileSync(file, 'utf8').matchAll(named)].map(([, a, b, c]) => a ?? b ?? c));
  const packages = found.filter((name) => /^[@a-z]/.test(name) && !name.startsWith('node:') && !builtinModules.includes(name));
  const names = packages.map((name) =>
    name
      .split('/')
      .slice(0, name.startsWith('@') ? 2 : 1)
      .join('/'),
  );
  return [...new Set(names)].filter((name) => !name.startsWith('@almanac/')).sort();
}

function stage({ name, description, of, bundled, own }, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (own) cpSync(join(root, own), folder, { recursive: true });
  // Its types are those of what it passes on.
  if (own) cpSync(join(folder, 'index.js'), join(folder, 'index.d.ts'));
  if (of) copyWorkspace(join(root, FOLDERS[of]), folder);
  for (const one of bundled) {
    const target = join(folder, 'node_modules/@almanac', one);
    copyWorkspace(join(root, FOLDERS[one]), target);
    const { exports } = json(join(root, FOLDERS[one], 'package.json'));
    writeFileSync(
      join(target, 'package.json'),
      JSON.stringify({ name: `@almanac/${one}`, version, license, type: 'module', exports }, null, 2),
    );
  }
  const imported = importedBy(folder);
  const missing = imported.filter((one) => versions[one] === undefined);
  if (missing.length > 0) throw new Error(`@almanac/${name} imports what the root package.json does not name: ${missing.join(', ')}`);
  const { exports, bin } = of
    ? json(join(root, FOLDERS[of], 'package.json'))
    : { exports: { '.': { types: './index.d.ts', default: './index.js' } } };
  const manifest = {
    ...{ name: `@almanac/${name}`, version, description, license, type: 'module' },
    ...(exports ? { exports } : {}),
    ...(bin ? { bin } : {}),
    engines: { node: '>=22' },
    dependencies: {
      ...Object.fromEntries(bundled.map((one) => [`@almanac/${one}`, version])),
      ...Object.fromEntries(imported.map((one) => [one, versions[one]])),
    },
    bundleDependencies: bundled.map((one) => `@almanac/${one}`),
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const file of ['LICENSE', 'NOTICE']) cpSync(join(root, file), join(folder, file));
}

const out = resolve(process.argv[2] ?? join(root, 'packages'));
for (const one of PACKAGES) {
  const folder = join(out, one.name);
  stage(one, folder);
  const [{ filename, size }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', out], { cwd: folder, encoding: 'utf8' }),
  );
  console.log(`${join(out, filename)}  ${(size / 1e6).toFixed(1)} MB`);
}
