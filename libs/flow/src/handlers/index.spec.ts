/** Start-up fails on a kind of run that nobody does, or that two do. */
import { type AlmanacError } from '@almanac/series';
import { expect, it } from 'vitest';
import { RUN_KINDS } from '../runs/kinds.js';
import { bindKinds, RUN_HANDLERS } from './index.js';

function refusal(bind: () => unknown): Partial<AlmanacError> | undefined {
  try {
    bind();
    return undefined;
  } catch (error) {
    return error as AlmanacError;
  }
}

it('has one handler for every kind that a queue carries', () => {
  const carried = Object.entries(RUN_KINDS).flatMap(([kind, { queue }]) => (queue === null ? [] : [kind]));
  expect([...bindKinds(RUN_HANDLERS).keys()].sort()).toEqual(carried.sort());
});

it('does not start without one, or with two', () => {
  expect(refusal(() => bindKinds(RUN_HANDLERS.filter(({ kind }) => kind !== 'learn')))).toMatchObject({
    code: 'RUN_KIND_WITHOUT_HANDLER',
    subject: { kind: 'learn' },
  });
  expect(refusal(() => bindKinds([...RUN_HANDLERS, RUN_HANDLERS.find(({ kind }) => kind === 'train')!]))).toMatchObject({
    code: 'RUN_KIND_WITH_TWO_HANDLERS',
    subject: { kind: 'train' },
  });
  expect(refusal(() => bindKinds([...RUN_HANDLERS, { kind: 'import', handle: () => Promise.resolve({}) }]))).toMatchObject({
    subject: { kind: 'import' },
  });
});
