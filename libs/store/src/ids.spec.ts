import { describe, expect, it } from 'vitest';
import { newId } from './ids.js';

describe('ids', () => {
  it('are distinct UUIDs of version 7 that sort in the order they were made, whatever the clock does', () => {
    const now = Date.now();
    const ids = Array.from({ length: 20_000 }, (_, i) => newId(now + 1000 - (i % 500)));
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
