import { describe, expect, it } from 'vitest';
import { checkConfig, defaultConfig, minimumLength } from './config.js';

describe('defaultConfig', () => {
  const hourly = { frequency: 'h', seasonLengths: [24, 168], horizon: 48, lengths: [748, 1008, 1008], count: 414 };

  it('gives two weeks of context in daily segments to hourly series', () => {
    expect(defaultConfig(hourly)).toMatchObject({ segmentLength: 24, contextLength: 336, temporalSeason: 24 });
  });

  it('shortens the context to what the series hold', () => {
    const { contextLength } = defaultConfig({ ...hourly, lengths: [200, 200, 200] });
    expect(contextLength).toBeLessThanOrEqual(200 - 48);
  });

  it.each([
    { frequency: 'h', seasonLengths: [24, 168], horizon: 1, lengths: [30], count: 1 },
    { frequency: '15min', seasonLengths: [96, 672], horizon: 720, lengths: [69680], count: 7 },
    { frequency: '30min', seasonLengths: [48, 336], horizon: 96, lengths: [52608], count: 1 },
    { frequency: 'D', seasonLengths: [7], horizon: 30, lengths: [7588], count: 8 },
    { frequency: 'MS', seasonLengths: [12], horizon: 24, lengths: [67, 309], count: 366 },
    { frequency: 'QS', seasonLengths: [4], horizon: 8, lengths: [22, 122], count: 427 },
    { frequency: 'YS', seasonLengths: [], horizon: 4, lengths: [7, 43], count: 518 },
    { frequency: '1', seasonLengths: [365], horizon: 10, lengths: [5], count: 3 },
    { frequency: '5min', seasonLengths: [288, 2016], horizon: 288, lengths: [4000], count: 20 },
  ])('gives settings that work for $frequency, horizon $horizon', (facts) => {
    const config = defaultConfig(facts);
    expect(() => checkConfig(config)).not.toThrow();
    expect(minimumLength(config)).toBeLessThanOrEqual(Math.max(...facts.lengths, facts.horizon + config.contextLength));
  });
});
