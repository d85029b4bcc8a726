import { describe, expect, it } from 'vitest';
import { defaultAuto } from '../kinds/auto/config.js';
import { createBaseline } from '../kinds/baselines/methods.js';
import { BASELINE_KINDS } from '../kinds/baselines/plan.js';
import { defaultConfig, type SegmentConfig } from '../kinds/segment/config.js';
import { type Forecaster } from '../forecaster.js';
import { defaultRecurrentConfig, type RecurrentConfig } from '../kinds/recurrent/config.js';
import { createForecaster } from '../kinds/registry.js';
import { RecurrentForecaster } from '../kinds/recurrent/forecaster.js';
import { SegmentForecaster } from '../kinds/segment/forecaster.js';
import { CHECK_HORIZON, checkModel, type ModelSubject } from './checkModel.js';

const checkFacts = { frequency: '1', seasonLengths: [12], lengths: [120, 120, 110, 130], count: 4 };
const segment = (changes: Partial<SegmentConfig> = {}): Forecaster => {
  const base = defaultConfig({ ...checkFacts, horizon: CHECK_HORIZON });
  return new SegmentForecaster({ ...base, hidden: 16, ...changes, train: { ...base.train, batch: 16, steps: 8 } });
};

const covariates = { static: ['area'], past: ['load'], future: ['price'] };
type Changes = Partial<Omit<RecurrentConfig, 'train'>> & { train?: Partial<RecurrentConfig['train']> };
const recurrent = (changes: Changes): Forecaster => {
  const base = defaultRecurrentConfig({ seasonLengths: [12], horizon: CHECK_HORIZON, lengths: [120, 120, 110, 130], covariates });
  return new RecurrentForecaster({
    ...base,
    contextLength: 24,
    hidden: 8,
    ...changes,
    train: { ...base.train, batch: 8, steps: 6, ...changes.train },
  });
};
const recurrents: [string, Changes][] = [
  ['gru, three alignments', {}],
  ['lstm, hierarchical, delays', { cell: 'lstm', encoder: 'hierarchical', delays: [6, 12], branches: ['contextual'] }],
  ['minGru, dilated, temporal alignment', { cell: 'minGru', encoder: 'dilated', branches: ['temporal'] }],
  ['rnn, bidirectional, pointer', { cell: 'rnn', encoder: 'bidirectional', branches: ['pointer'] }],
  ['recursive, scheduled sampling, studentT', { decoder: 'recursive', head: 'studentT', branches: ['contextual'] }],
  [
    'recursive, always taught, gaussian, smoothing',
    { decoder: 'recursive', head: 'gaussian', branches: ['temporal'], smoothing: true, paths: 20, train: { teacher: 'always' } },
  ],
  ['a family', { parents: { a: 'c', b: 'c' }, branches: ['temporal'] }],
  ['smoothing', { smoothing: true, branches: ['pointer'] }],
  ['forking, revin', { decoder: 'forking', scaler: 'revin', branches: ['temporal', 'pointer'] }],
  ['vocabulary with pointer, robustArcsinh', { head: 'vocabulary', scaler: 'robustArcsinh', branches: ['pointer'] }],
  ['slstm, grid', { cell: 'slstm', encoder: 'grid', branches: ['contextual', 'temporal'] }],
];

const coldStart = (member: Record<string, unknown>): Forecaster =>
  createForecaster('coldStart', {
    member: { kind: 'segment', config: member },
    horizon: CHECK_HORIZON,
    seasonLengths: [12],
    covariates,
    hidden: 6,
    steps: 4,
  });

const subjects: ModelSubject[] = [
  ...BASELINE_KINDS.map((kind) => ({
    name: kind,
    create: () => createBaseline(kind),
    tolerance: kind === 'autoEts' ? { scale: 1e-5 } : {},
  })),
  { name: 'segment', create: () => segment(), resumeAfter: 4, tolerance: { batch: 1e-6, scale: 1e-3, constant: 0.1 } },
  ...(
    [
      { head: 'studentT', scaler: 'robustArcsinh' },
      { head: 'gaussian', scaler: 'revin' },
    ] as const
  ).map((changes) => ({
    name: `segment: ${changes.head}, ${changes.scaler}`,
    create: () => segment(changes),
    tolerance: { batch: 1e-6, scale: 1e-3, constant: 0.1 },
  })),
  ...recurrents.map(([name, changes]) => ({
    name: `recurrent: ${name}`,
    create: () => recurrent(changes),
    ...(changes.parents ? { related: true } : {}),
    resumeAfter: 3,
    tolerance: { batch: 1e-5, scale: 1e-3, constant: 0.1 },
  })),
  {
    name: 'online',
    create: () => createForecaster('online', { horizon: CHECK_HORIZON, seasonLength: 12, hidden: 4 }),
    tolerance: { scale: 1e-3, constant: 0.1 },
  },
  {
    name: 'linear',
    create: () => createForecaster('linear', { horizon: CHECK_HORIZON, contextLength: 24, validationTail: 24 }),
    tolerance: { scale: 1e-5, constant: 1e-4 },
  },
  {
    name: 'auto',
    create: () =>
      createForecaster('auto', {
        ...defaultAuto({ ...checkFacts, horizon: CHECK_HORIZON }, 'standard'),
        members: [
          { kind: 'segment', config: segment().config, weight: 2 },
          { kind: 'optimisedTheta', config: {} },
          { kind: 'autoEts', config: {} },
          { kind: 'seasonalNaive', config: { seasonLength: 12 } },
        ],
      }),
    resumeAfter: 4,
    tolerance: { batch: 1e-6, scale: 1e-3, constant: 0.1 },
  },
  {
    name: 'coldStart over segment',
    create: () => coldStart(segment().config),
    resumeAfter: 4,
    coldStart: true,
    tolerance: { batch: 1e-6, scale: 1e-3, constant: 0.1 },
  },
];

describe.each(subjects)('$name', (subject) => {
  for (const check of checkModel(subject)) it(check.name, check.run);
});

describe('the suite itself', () => {
  const broken = (change: Partial<Forecaster>): ModelSubject => ({
    name: 'broken',
    create: () => {
      const inner = createBaseline('naive');
      return {
        kind: 'naive',
        config: {},
        fit: (p, o) => inner.fit(p, o),
        predict: (p, o) => inner.predict(p, o),
        save: () => inner.save(),
        dispose: () => {},
        ...change,
      };
    },
  });
  const failures = async (subject: ModelSubject): Promise<string[]> => {
    const failed: string[] = [];
    for (const check of checkModel(subject)) await check.run().catch(() => failed.push(check.name));
    return failed;
  };

  it('catches a model that mixes its batch, one that draws at random and one that cannot be cancelled', async () => {
    const naive = createBaseline('naive');
    const mixing: Forecaster['predict'] = async (panel, options) => {
      const forecasts = await naive.predict(panel, options);
      return forecasts.map((one) => ({ ...one, quantiles: one.quantiles.map((value) => value + 1e-6 * panel.series.length) }));
    };
    expect(await failures(broken({ predict: mixing }))).toContain('lets no series of a batch influence another');
    const random: Forecaster['predict'] = async (panel, options) => {
      const forecasts = await naive.predict(panel, options);
      return forecasts.map((one) => ({ ...one, quantiles: one.quantiles.map((value) => value * (1 + 1e-12 * Math.random())) }));
    };
    expect(await failures(broken({ predict: random }))).toContain('gives the same bits for the same seed, and leaves its input alone');
    const deaf = broken({
      fit: (panel, { seed }) => naive.fit(panel, { seed }),
      predict: (panel, options) => naive.predict(panel, options),
      save: () => naive.save(),
    });
    expect(await failures(deaf)).toEqual(['stops when cancelled, and works after that']);
  });
});
