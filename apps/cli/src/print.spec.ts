import { describe, expect, it } from 'vitest';
import { duration, table } from './print.js';

describe('what the terminal shows', () => {
  it('aligns columns and leaves no blanks at the end of a line', () => {
    expect(
      table(
        ['name', 'n'],
        [
          ['a long name', 1],
          ['b', null],
        ],
      ),
    ).toBe('name         n\na long name  1\nb            -');
  });

  it('says durations as people do', () => {
    expect([0.26, 12.4, 61, 3720].map(duration)).toEqual(['0.3 s', '12 s', '1 min 1 s', '1 h 2 min']);
  });
});
