import { describe, expect, it } from 'vitest';
import { isPassing } from './errors.js';

describe('an error of the database', () => {
  it.each([
    Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' }),
    Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    new Error('Connection terminated unexpectedly'),
    new Error('wrapped', { cause: Object.assign(new Error('too many'), { code: '53300' }) }),
  ])('is passing: %s', (error) => expect(isPassing(error)).toBe(true));

  it.each([Object.assign(new Error('division by zero'), { code: '22012' }), new Error('no such column'), 'text', undefined])(
    'is not: %s',
    (error) => expect(isPassing(error)).toBe(false),
  );
});
