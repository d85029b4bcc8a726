import { expect, it } from 'vitest';
import { Random } from '../../../dataset/random.js';
import { devianceOf } from './deviance.js';
import { filter } from './model.js';
import { admissibleForms } from './select.js';

it('is what the filter says, for every form, with gaps, and too small or large for a product of all', () => {
  for (const unit of [1, 1e-9, 1e9])
    for (const form of admissibleForms(true, true)) {
      const random = new Random(5);
      const values = Float64Array.from({ length: 80 }, (_, t) =>
        t % 11 === 5 ? Number.NaN : unit * (10 + t / 10 + 3 * Math.sin((2 * Math.PI * t) / 6) + 0.3 * random.normal()),
      );
      const parameters = {
        alpha: 0.3,
        beta: form.trend === 'N' ? 0 : 0.05,
        gamma: form.season === 'N' ? 0 : 0.2,
        phi: form.trend === 'Ad' ? 0.9 : 1,
      };
      const level = 10 * unit;
      const trend = form.trend === 'N' ? 0 : 0.1 * unit;
      const season = Float64Array.from({ length: form.season === 'N' ? 0 : 6 }, (_, i) =>
        form.season === 'M' ? 1 + 0.1 * Math.sin(i) : unit * Math.sin(i),
      );
      const { squares, logs, count } = filter(form, parameters, { level, trend, season: season.slice(), phase: 0 }, values);
      const expected = count * Math.log(squares) + 2 * logs;
      expect(devianceOf(form, values, count)(parameters, level, trend, season.slice()), JSON.stringify(form)).toBeCloseTo(expected, 6);
    }
});
