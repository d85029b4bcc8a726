import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idOf, isIdTooLong, MOST_ID_BYTES } from './ids.js';

describe('the name of a series', () => {
  it.each<[string | number, string]>([
    ['101.0', '101'],
    ['101.000', '101'],
    [101, '101'],
    ['-7.0', '-7'],
    ['0.0', '0'],
    ['007.0', '007.0'],
    ['007', '007'],
    ['1.50', '1.50'],
    ['1.0.0', '1.0.0'],
    [' a b ', 'a b'],
    ['.0', '.0'],
    ['9196877626998785', '9196877626998785'],
    ['..', '..'],
  ])('written %j is %j', (written, id) => expect(idOf(written)).toBe(id));

  it('is itself, however often it is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(idOf(idOf(text))).toBe(idOf(text));
      }),
    );
  });

  it('is the same for every whole number, whatever zeros it is written with', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 9 }), (number, zeros) => {
        expect(idOf(`${number}.${'0'.repeat(zeros)}`)).toBe(String(number));
        expect(idOf(number)).toBe(String(number));
      }),
    );
  });

  it('is measured in bytes', () => {
    expect(isIdTooLong('a'.repeat(MOST_ID_BYTES))).toBe(false);
    expect(isIdTooLong('a'.repeat(MOST_ID_BYTES + 1))).toBe(true);
    expect(isIdTooLong('系'.repeat(666))).toBe(false);
    expect(isIdTooLong('系'.repeat(667))).toBe(true);
  });
});
