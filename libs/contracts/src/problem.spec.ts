import { AlmanacError } from '@almanac/series';
import { describe, expect, it } from 'vitest';
import { explainError, fromProblem, toProblem } from './problem.js';
import { problem } from './schemas/common.js';

const refusal = new AlmanacError('SERIES_TOO_SHORT', 'The series "a" has 3 values.', {
  hint: 'Give 24.',
  subject: { series: 'a', row: 7 },
  status: 422,
});

describe('an error as JSON', () => {
  it.each([
    ['a refusal', refusal],
    ['a refusal without a hint or subject', new AlmanacError('GONE', 'It is gone.')],
    ['an error that nobody foresaw', new TypeError('x is not a function')],
    ['something that is no error', 'a text'],
  ])('%s is the same problem after any number of ways there and back, also through text', (_, error) => {
    const first = problem.parse(JSON.parse(JSON.stringify(toProblem(error))));
    expect(toProblem(fromProblem(first))).toEqual(first);
    expect(toProblem(fromProblem(toProblem(fromProblem(first))))).toEqual(first);
  });

  it('comes back with everything that the reader needs', () => {
    const back = fromProblem(toProblem(refusal), 'where it was');
    expect(back).toBeInstanceOf(AlmanacError);
    expect(back).toMatchObject({
      code: 'SERIES_TOO_SHORT',
      message: refusal.message,
      hint: 'Give 24.',
      subject: { series: 'a', row: 7 },
      status: 422,
      stack: 'where it was',
    });
  });

  it('says of what nobody foresaw what it said, as a fault of ours', () => {
    expect(toProblem(new TypeError('x is not a function'))).toMatchObject({
      code: 'UNEXPECTED',
      status: 500,
      detail: 'Something unexpected went wrong: x is not a function',
    });
  });
});

describe('an error at a terminal', () => {
  it('is its sentences and its code, or where it was thrown', () => {
    expect(explainError(refusal)).toBe('The series "a" has 3 values. Give 24. [SERIES_TOO_SHORT]');
    expect(explainError(new TypeError('x is not a function'))).toContain('problem.spec');
  });
});
