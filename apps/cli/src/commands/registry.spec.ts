import { describe, expect, it } from 'vitest';
import { UsageError } from '../connection.js';
import { versionOf } from './registry.js';

describe('a version on the command line', () => {
  it.each([
    ['flights', undefined, { model: 'flights', version: 'champion' }],
    ['flights', '3', { model: 'flights', version: 3 }],
    ['flights', 'challenger', { model: 'flights', version: 'challenger' }],
    ['flights/3', undefined, { model: 'flights', version: 3 }],
    ['models:/flights@champion', undefined, { model: 'flights', version: 'champion' }],
    ['models:/flights/12', undefined, { model: 'flights', version: 12 }],
  ] as const)('%s %s', (model, version, meant) => {
    expect(versionOf(model, version)).toEqual(meant);
  });

  it.each([
    ['flights', '0'],
    ['flights', 'best'],
    ['flights/3', '4'],
    ['flights@nobody', undefined],
    ['', undefined],
  ])('is refused: %s %s', (model, version) => {
    expect(() => versionOf(model, version)).toThrow(UsageError);
  });
});
