import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Package {
  name: string;
  version: string;
  licence: string;
}
interface Bill {
  bomFormat: string;
  metadata: { component: { name: string } };
  components: { name: string; version: string }[];
}
const supply = (await import(new URL('../supply.mjs', import.meta.url).href)) as {
  LICENCES: Set<string>;
  billOfMaterials: () => Bill;
  packagesOf: (bill: Bill) => Package[];
  licencesIn: (expression: string) => string[];
  noticeOf: (packages: Package[]) => string;
};
const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, root)), 'utf8');
const bill = supply.billOfMaterials();
const packages = supply.packagesOf(bill);

describe('the bill of materials', () => {
  it('lists every package that is shipped, and none that only builds or tests', () => {
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'almanac' } } });
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version?: string; dev?: boolean; link?: boolean }> };
    const shipped = Object.entries(lock.packages)
      .filter(([place, { dev, link }]) => place.includes('node_modules/') && !dev && !link)
      .map(([place, { version }]) => `${place.slice(place.lastIndexOf('node_modules/') + 13)} ${version}`);
    expect(packages.map(({ name, version }) => `${name} ${version}`)).toEqual([...new Set(shipped)].sort());
  });

  it('has a licence for each that asks for no more than NOTICE does', () => {
    const others = packages.filter(({ licence }) => licence === '' || supply.licencesIn(licence).some((one) => !supply.LICENCES.has(one)));
    expect(others, 'a licence that nobody has decided on: infra/local/supply.mjs').toEqual([]);
  });

  it('is what NOTICE was made of, with the data that want attribution', () => {
    expect(read('NOTICE') === supply.noticeOf(packages), 'packages have changed: npm run notice').toBe(true);
    expect(read('NOTICE')).toMatch(/date-holidays[^]*Wikipedia[^]*Creative Commons/);
  });

  it('goes with one licence of our own, in every package', () => {
    expect(read('LICENSE')).toMatch(/Apache License\s+Version 2.0[^]*END OF TERMS[^]*Copyright 2026 The Almanac authors/);
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
    expect(workspaces).toEqual(['apps/*', 'libs/*', 'infra/local', 'test']);
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { license?: string }> };
    const ours = Object.keys(lock.packages).filter((place) => !place.includes('node_modules'));
    const licences = ours.map((place) => [place, (JSON.parse(read(`${place || '.'}/package.json`)) as { license?: string }).license]);
    expect(licences).toEqual(ours.map((place) => [place, 'Apache-2.0']));
  });
});
