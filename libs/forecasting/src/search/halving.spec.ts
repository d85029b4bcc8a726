import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../kinds/segment/config.js';
import { Random } from '../dataset/random.js';
import { type Panel } from '../forecaster.js';
import { pendingTrials, rungs, successiveHalving, type SearchSettings, type Trial, type TrialResult } from './halving.js';
import { forecastTrial } from './trial.js';
import { candidates, defaultSpace, type SearchSpace } from './space.js';

const facts = { frequency: '1', seasonLengths: [12], horizon: 12, lengths: [240], count: 6 };
const config = defaultConfig(facts);
const space: SearchSpace = {
  kind: 'segment',
  config,
  choices: { hidden: [16, 32, 64, 128], 'train.learningRate': { from: 1e-5, to: 1e-1 }, contextLength: [24, 48, 96] },
};
const settings: SearchSettings = { space, trials: 27, steps: 900, seed: 7 };

/** Best near 3e-3; noisy where steps are few. */
const objective = ({ config, candidate, rung }: Trial): { score: number } => {
  const train = config['train'] as { learningRate: number; steps: number };
  const noise = new Random(candidate, 1, rung).normal() / Math.sqrt(train.steps);
  return { score: Math.abs(Math.log10(train.learningRate) + 2.5) + noise };
};

describe('the candidates', () => {
  it('start with the configuration as it is, differ, can be trained, and are those of the seed', () => {
    const drawn = candidates(space, 27, 1);
    expect(drawn[0]).toEqual(config);
    expect(new Set(drawn.map((one) => JSON.stringify(one))).size).toBe(27);
    expect(candidates(space, 27, 1)).toEqual(drawn);
    expect(candidates(space, 10, 1)).toEqual(drawn.slice(0, 10));
    expect(candidates(space, 27, 2)).not.toEqual(drawn);
    expect(candidates({ ...space, choices: { hidden: [16, 32] } }, 27, 1)).toHaveLength(3);
    for (const one of candidates(defaultSpace(facts), 40, 1)) {
      const { contextLength, segmentLength } = one as typeof config;
      expect(contextLength % segmentLength).toBe(0);
    }
    const cells = candidates(defaultSpace(facts, 'recurrent'), 40, 1).map((one) => one['cell']);
    expect(new Set(cells).size).toBeGreaterThan(3);
  });

  it('cannot come from settings that are not there or from no values', () => {
    const of = (choices: SearchSpace['choices']) => (): unknown => candidates({ ...space, choices }, 2, 1);
    expect(of({ 'train.pace': [1] })).toThrow(/no setting train\.pace/);
    expect(of({ hidden: [] })).toThrow(/hidden/);
    expect(of({ 'train.learningRate': { from: 0, to: 1 } })).toThrow(/learningRate/);
  });
});

describe('successive halving', () => {
  it('gives three times the steps to a third of the candidates', () => {
    expect(rungs(settings)).toEqual([
      { steps: 100, trials: 27 },
      { steps: 300, trials: 9 },
      { steps: 900, trials: 3 },
    ]);
    expect(rungs({ trials: 1, steps: 900 })).toEqual([{ steps: 900, trials: 1 }]);
    expect(rungs({ trials: 8, steps: 800, leastSteps: 80, eta: 2 }).map(({ steps }) => steps)).toEqual([100, 200, 400, 800]);
  });

  it('finds what is best, with less than half the steps of full trials', async () => {
    let spent = 0;
    const { best, results } = await successiveHalving(settings, async (trial) => {
      spent += (trial.config['train'] as { steps: number }).steps;
      return objective(trial);
    });
    expect(best.score).toBeLessThan(0.25);
    expect((best.config['train'] as { steps: number }).steps).toBe(900);
    expect(results).toHaveLength(27 + 9 + 3);
    expect(spent).toBeLessThan((27 * 900) / 2);
  });

  it('ends the same when resumed, whoever ran the trials and in whatever order', async () => {
    const straight = await successiveHalving(settings, async (trial) => objective(trial));
    let saved: TrialResult[] = [];
    const stop = new AbortController();
    const interrupted = successiveHalving(settings, async (trial) => objective(trial), {
      signal: stop.signal,
      save: (results) => {
        saved = JSON.parse(JSON.stringify(results)) as TrialResult[];
        if (results.length === 31) stop.abort();
      },
    });
    await expect(interrupted).rejects.toThrow(/abort/i);
    let ran = 0;
    const resumed = await successiveHalving(
      settings,
      async (trial) => {
        ran++;
        return objective(trial);
      },
      { resume: saved },
    );
    expect(ran).toBe(39 - 31);
    expect(resumed).toEqual(straight);
    const jobs: TrialResult[] = [];
    for (let open = pendingTrials(settings, jobs); open.length > 0; open = pendingTrials(settings, jobs)) {
      for (const trial of open.toReversed()) jobs.push({ candidate: trial.candidate, rung: trial.rung, ...objective(trial) });
    }
    expect((await successiveHalving(settings, async () => ({ score: 0 }), { resume: jobs })).best).toEqual(straight.best);
    expect((await successiveHalving(settings, async (trial) => objective(trial), { parallel: 4 })).best).toEqual(straight.best);
  });

  it('goes on without candidates that fail, and fails where all do', async () => {
    const { best, results } = await successiveHalving(settings, async (trial) => {
      if (trial.candidate % 2 === 0) throw new RangeError('out of memory');
      return trial.candidate === 1 ? { score: Number.NaN } : objective(trial);
    });
    expect(best.candidate % 2).toBe(1);
    expect(results.find(({ candidate }) => candidate === 0)!.failure).toEqual({ code: 'TRIAL_FAILED', message: 'out of memory' });
    expect(results.find(({ candidate }) => candidate === 1)!.failure!.code).toBe('TRIAL_NOT_FINITE');
    const none = successiveHalving(settings, () => Promise.reject(new Error('no room')));
    await expect(none).rejects.toMatchObject({ code: 'SEARCH_FAILED', message: expect.stringContaining('no room') as string });
    expect(() => pendingTrials({ ...settings, trials: 0 }, [])).toThrow(/trials 0/);
  });

  it('trains on a panel and keeps a learning rate that learns, scored on a tail beside seasonal naive', async () => {
    const panel: Panel = {
      frequency: '1',
      timeZone: 'UTC',
      seasonLengths: [12],
      series: Array.from({ length: 6 }, (_, s) => {
        const random = new Random(3, 9, s);
        let rest = 0;
        const values = Float64Array.from({ length: 240 }, (_, t) => {
          rest = 0.7 * rest + 0.3 * random.normal();
          return 10 * (s + 1) * (3 + Math.sin((2 * Math.PI * t) / 12) + 0.3 * rest);
        });
        return { id: `s${s}`, firstStep: 0, values };
      }),
    };
    const small = { ...config, hidden: 12, contextLength: 24, train: { ...config.train, batch: 16, dropout: 0, learningRate: 1e-6 } };
    const search = {
      space: {
        kind: 'segment',
        config: small,
        choices: { 'train.learningRate': [1e-6, 5e-3] },
      },
      trials: 2,
      steps: 160,
      leastSteps: 80,
      eta: 2,
      seed: 2,
    };
    const { best, results } = await successiveHalving(search, forecastTrial(panel, { horizon: 12, windows: 2 }));
    expect((best.config['train'] as { learningRate: number }).learningRate).toBe(5e-3);
    expect(best.overSeasonalNaive).toBeLessThan(1);
    expect(results).toHaveLength(3);
  });
});
