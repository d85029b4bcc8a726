import 'reflect-metadata';
import { endpoints } from '@almanac/contracts';
import { describe, expect, it } from 'vitest';
import { ENDPOINT } from '../http/endpoint.js';
import { openApiDocument } from '../openapi/document.js';
import { controllers } from './index.js';

/** Endpoint names that handlers declare. */
function served(): string[] {
  return controllers.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype).flatMap((member) => {
      const handler: unknown = (controller.prototype as unknown as Record<string, unknown>)[member];
      const name: unknown = typeof handler === 'function' ? Reflect.getMetadata(ENDPOINT, handler) : undefined;
      return typeof name === 'string' ? [name] : [];
    }),
  );
}

describe('the endpoint table', () => {
  it('is served whole, each row once', () => {
    expect(served().sort()).toEqual(Object.keys(endpoints).sort());
  });

  it('is described whole by the OpenAPI document, with the names of path parameters', () => {
    const document = openApiDocument('1') as { openapi: string; paths: Record<string, Record<string, { operationId: string }>> };
    expect(document.openapi).toMatch(/^3\.1/);
    const described = Object.values(document.paths).flatMap((path) => Object.values(path).map((operation) => operation.operationId));
    expect(described.sort()).toEqual(Object.keys(endpoints).sort());
    expect(document.paths['/v1/datasets/{dataset}/series/{uniqueId}/observations']?.['get']).toMatchObject({
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'uniqueId', in: 'path', required: true })]) as unknown,
    });
  });
});
