import { describe, expect, it } from 'vitest';
import { UsageError } from '../connection.js';
import { patchOf } from './quotas.js';

describe('limits on the command line', () => {
  it('are numbers, with a unit or without, or words', () => {
    expect(patchOf(['openRuns=200', 'bytes=50G', 'series=unlimited', 'webhooks=standard'])).toEqual({
      openRuns: 200,
      bytes: 50_000_000_000,
      series: 'unlimited',
      webhooks: null,
    });
  });

  it.each(['openRuns', 'openRuns=', 'openRuns=-1', 'openRuns=1.5', 'runs=1', 'bytes=5X', '=1'])('"%s" is refused', (one) => {
    expect(() => patchOf([one])).toThrow(UsageError);
  });
});
