import { describe, expect, it } from 'vitest';
import { ApiError } from './client.js';

const said = (detail: string, hint?: string): string =>
  new ApiError({ type: 'about:blank', title: 'Bad Request', status: 400, code: 'INVALID', detail, ...(hint ? { hint } : {}) }).message;

describe('ApiError', () => {
  it('says detail and hint as two sentences', () => {
    expect(said('body.cutoff: Invalid ISO datetime', 'Look it up.')).toBe('body.cutoff: Invalid ISO datetime. Look it up.');
    expect(said('There is none.', 'Look it up.')).toBe('There is none. Look it up.');
    expect(said('Invalid ISO datetime')).toBe('Invalid ISO datetime');
  });
});
