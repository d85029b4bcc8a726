import { describe, expect, it } from 'vitest';
import { configOf, type Schema, settingsOf } from './settings';

const schema: Schema = {
  properties: {
    hidden: { type: 'integer', minimum: 1 },
    cell: { type: 'string', enum: ['lstm', 'gru'] },
    smoothing: { type: 'boolean' },
    levels: { type: 'array' },
    horizon: { type: 'integer' },
    train: { properties: { steps: { type: 'integer' }, dropout: { type: 'number' }, batch: { type: 'integer' } } },
  },
};

describe('the settings of a kind of model', () => {
  it('are its schema’s, but for those that the form asks for anyway', () => {
    expect(settingsOf(schema).map(({ path }) => path)).toEqual(['hidden', 'cell', 'smoothing', 'levels', 'train.dropout', 'train.batch']);
  });

  it('become a request as they were written; what is empty is left out', () => {
    const written = {
      hidden: '32',
      cell: 'gru',
      smoothing: 'true',
      levels: '[0.1, 0.5]',
      'train.dropout': '0.2',
      'train.batch': ' ',
      gone: '1',
    };
    expect(configOf(written, settingsOf(schema))).toEqual({
      hidden: 32,
      cell: 'gru',
      smoothing: true,
      levels: [0.1, 0.5],
      train: { dropout: 0.2 },
    });
    // The server names the setting that this cannot be.
    expect(configOf({ hidden: 'wide', levels: '[0.1,' }, settingsOf(schema))).toEqual({ hidden: 'wide', levels: '[0.1,' });
  });
});
