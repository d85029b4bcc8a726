import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Endpoint, endpoints } from './endpoints.js';

describe('the endpoint table', () => {
  it('has every endpoint of every resource: a later file takes no name of an earlier one', async () => {
    const folder = new URL('endpoints/', import.meta.url);
    const names: string[] = [];
    for (const file of readdirSync(folder)) {
      const parts = (await import(new URL(file, folder).href)) as Record<string, object>;
      for (const [name, part] of Object.entries(parts)) if (name.endsWith('Endpoints')) names.push(...Object.keys(part));
    }
    expect(names.sort()).toEqual(Object.keys(endpoints).sort());
  });

  it('has no method and path twice, whatever the parameters are called', () => {
    const routes = Object.values<Endpoint>(endpoints).map((endpoint) => `${endpoint.method} ${endpoint.path.replace(/:\w+/g, ':')}`);
    expect(routes.filter((route, index) => routes.indexOf(route) !== index)).toEqual([]);
  });
});
