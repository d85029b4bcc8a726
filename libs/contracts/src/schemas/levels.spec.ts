import { describe, expect, it } from 'vitest';
import { predictionRequest } from './predictions.js';

const series = { a: { start: '2024-01-01', y: [1, 2, 3] } };
const problems = (given: object): string[] => {
  const parsed = predictionRequest.safeParse({ series, ...given });
  return parsed.success ? [] : parsed.error.issues.map(({ message }) => message);
};

describe('levels of a request', () => {
  it.each([[[80, 95]], [[97.5, 50]], [[1]], [[99.9]]])('takes percents: %j', (level) => expect(problems({ level })).toEqual([]));

  it.each([
    [0.8, /level 0\.8 .*did you mean 80\?/],
    [0.95, /level 0\.95 .*did you mean 95\?/],
    [0.975, /level 0\.975 .*did you mean 97\.5\?/],
    [0, /level 0 is not between 0 and 100/],
    [100, /level 100 is not between 0 and 100/],
    [-5, /level -5 is not between 0 and 100/],
    [1e9, /level 1000000000 is not/],
  ])('refuses %j by its name, once', (level, said) => {
    const found = problems({ level: [90, level] });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(said);
  });

  it.each([
    [80, /quantile level 80 .*did you mean 0\.8\?/],
    [0, /quantile level 0 is not/],
    [1, /quantile level 1 is not between 0 and 1$/],
    [-0.1, /quantile level -0\.1/],
  ])('refuses the quantile %j', (quantile, said) => {
    const found = problems({ quantiles: [quantile] });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(said);
  });
});
