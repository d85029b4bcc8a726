import { describe, expect, it } from 'vitest';
import { csvOf } from './download';

describe('csvOf', () => {
  it('quotes what would break a row, and leaves open what is not known', () => {
    expect(
      csvOf([
        ['series', 'wql'],
        ['a, "b"', 0.5],
        ['c\nd', null],
      ]),
    ).toBe('series,wql\n"a, ""b""",0.5\n"c\nd",\n');
  });
});
