import { describe, expect, it } from 'vitest';
import { timeLabels } from './timeAxis';

const at = (text: string): number => Date.parse(text) / 1000;

describe('labels of the time axis', () => {
  it('name the day once, at its first label', () => {
    expect(timeLabels([at('2001-06-30T12:00Z'), at('2001-06-30T18:00Z'), at('2001-07-01T00:00Z')], 6 * 3600, 'UTC')).toEqual([
      '12:00\n30 Jun',
      '18:00',
      '00:00\n1 Jul',
    ]);
  });

  it('are in the zone of the dataset', () => {
    expect(timeLabels([at('2001-07-01T00:00Z')], 3600, 'America/New_York')).toEqual(['20:00\n30 Jun']);
  });
});
