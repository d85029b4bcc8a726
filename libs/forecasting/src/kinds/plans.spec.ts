import { describe, expect, it } from 'vitest';
import type { PanelFacts } from '../facts.js';
import { lastSteps, type Panel } from '../panel.js';
import { PLANS, plans, threadsOf } from './plans.js';
import { createForecaster, FORECASTER_KINDS } from './registry.js';
import { checkSeed, checkShared } from './shared.js';

const HORIZON = 6;
const facts: PanelFacts = {
  frequency: 'h',
  seasonLengths: [12],
  horizon: HORIZON,
  lengths: [600, 600],
  count: 2,
  covariates: { static: ['size'], past: [], future: [] },
};
const wave = (id: string, phase: number, early = 0): Panel['series'][number] => ({
  id,
  firstStep: 0,
  values: Float64Array.from(
    { length: 600 },
    (_, t) => 20 + phase + 5 * Math.sin((2 * Math.PI * t) / 12 + phase) + (t < 400 ? early * (t % 7) : 0),
  ),
  staticCovariates: { size: phase },
});
const panelOf = (...series: Panel['series'][number][]): Panel => ({ frequency: 'h', timeZone: 'UTC', seasonLengths: [12], series });

/** Small enough to be fitted in a second; all other settings are the kind's own. */
const QUICK: Record<string, object> = {
  segment: { hidden: 4, contextLength: 24, scaler: 'seriesDeviation', train: { steps: 2, batch: 4 } },
  recurrent: { hidden: 4, contextLength: 24, train: { steps: 2, batch: 4 } },
  linear: { contextLength: 24 },
  auto: {
    members: [
      { kind: 'segment', config: { hidden: 4, contextLength: 24, scaler: 'seriesDeviation', train: { steps: 2, batch: 4 } }, weight: 2 },
      { kind: 'autoEts', config: {} },
      { kind: 'naive', config: {} },
    ],
  },
  ensemble: {
    members: [
      { kind: 'linear', config: { contextLength: 12 } },
      { kind: 'segment', config: { hidden: 4, contextLength: 24, scaler: 'seriesDeviation', train: { steps: 2, batch: 4 } } },
    ],
  },
  coldStart: { member: { kind: 'segment', config: { hidden: 4, contextLength: 24, train: { steps: 2, batch: 4 } } }, steps: 2 },
  online: { hidden: 4 },
  pretrained: { train: { steps: 2, batch: 4 } },
};
const settingsOf = (kind: string): Record<string, unknown> => plans.settings(kind, facts, { config: { ...QUICK[kind] } });
const refusal = (kind: string, config: Record<string, unknown>): unknown => {
  try {
    plans.settings(kind, facts, { config });
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('the two tables of kinds', () => {
  it('have the same kinds', () => {
    expect(PLANS.map(({ kind }) => kind).sort()).toEqual([...FORECASTER_KINDS].sort());
  });

  it('know every setting that they derive, and make a forecaster of it', () => {
    for (const { kind, schema } of PLANS) {
      const config = settingsOf(kind);
      expect(schema.safeParse(config).error?.issues ?? [], kind).toEqual([]);
      plans.of(kind).check(config, plans);
      const forecaster = createForecaster(kind, config);
      expect(forecaster.kind).toBe(kind);
      forecaster.dispose();
    }
  });

  it('say what a training takes, in steps, operations and bytes', () => {
    for (const { kind, quick, work } of PLANS) {
      const { steps, operations, memoryBytes } = work(settingsOf(kind), { count: 2, observations: 1200 }, plans);
      expect(memoryBytes, kind).toBeGreaterThan(50 * 2 ** 20);
      expect(operations > 0 && steps > 0, kind).toBe(!quick);
    }
  });
});

describe('settings that a request gives', () => {
  it('are refused by name where the kind has none such, with the nearest that it has', () => {
    expect(refusal('recurrent', { encodr: 'grid' })).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining('"encodr"') as string,
      hint: 'Did you mean "encoder"?',
      subject: { setting: 'encodr', nearest: 'encoder' },
    });
    expect(refusal('segment', { train: { stpes: 5 } })).toMatchObject({
      hint: 'Did you mean "train.steps"?',
      subject: { setting: 'train.stpes' },
    });
    expect(refusal('segment', { start: {} })).toMatchObject({
      code: 'INVALID_CONFIG',
      hint: expect.stringContaining('contextLength') as string,
    });
    expect(refusal('ensemble', { members: [{ kind: 'linear', config: { contextLenght: 5 } }] })).toMatchObject({
      hint: 'Did you mean "contextLength"?',
    });
    expect(refusal('theta', { seasonlength: 5 })).toMatchObject({ hint: 'Did you mean "seasonLength"?' });
    expect(() => plans.of('segmnt')).toThrow(expect.objectContaining({ code: 'MODEL_KIND_UNKNOWN', hint: 'Did you mean "segment"?' }));
  });

  it('are refused where their value cannot be', () => {
    for (const [kind, config, setting] of [
      ['segment', { hidden: 'wide' }, 'hidden'],
      ['segment', { head: 'vocabulary' }, 'head'],
      ['segment', { train: { dropout: 1 } }, 'train.dropout'],
      ['segment', { temporalSeason: 10_000 }, 'temporalSeason'],
      ['segment', { metric: 'beauty' }, 'metric'],
      ['recurrent', { window: 10_000 }, 'window'],
      ['recurrent', { cell: 'transformer' }, 'cell'],
      ['linear', { contextLength: 1.5 }, 'contextLength'],
      ['online', { rule: 'uoro' }, 'rule'],
      ['ensemble', { members: [] }, 'members'],
      ['seasonalNaive', { seasonLength: 0 }, 'seasonLength'],
    ] as const)
      expect(refusal(kind, config), `${kind} ${setting}`).toMatchObject({ code: 'INVALID_CONFIG', subject: { setting } });
  });

  it('are refused where they contradict the request or its dataset, of members too', () => {
    for (const { kind, schema } of PLANS)
      for (const [name, other] of [
        ['horizon', HORIZON + 1],
        ['frequency', 'D'],
      ] as const) {
        if (!(name in schema.shape)) continue;
        const refused = { code: 'INVALID_CONFIG', subject: { setting: name, kind, given: other }, hint: expect.any(String) as string };
        expect(refusal(kind, { ...QUICK[kind], [name]: other }), `${kind} ${name}`).toMatchObject(refused);
        expect(refusal('ensemble', { members: [{ kind, config: { ...QUICK[kind], [name]: other } }] })).toMatchObject(refused);
        expect(refusal(kind, { ...QUICK[kind], [name]: facts[name] })).toBeUndefined();
      }
    const stacking = { horizon: 5, tail: 12, levels: [0.5], metric: 'wql' };
    expect(refusal('ensemble', { combine: 'stacked', stacking })).toMatchObject({ subject: { setting: 'stacking.horizon' } });
  });

  it('that are said for all models are refused where none of them follows', () => {
    const said = (
      models: { kind: string; config?: Record<string, unknown> }[],
      wishes: { steps?: number; contextLength?: number },
    ): unknown => {
      try {
        checkShared(
          models.map(({ kind, config = {} }) => ({ kind, config })),
          wishes,
        );
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(said([{ kind: 'linear' }], { steps: 5 })).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining('linear') as string,
      hint: 'Leave steps out, or choose a kind that follows it: auto, segment, recurrent, ensemble, coldStart, pretrained.',
      subject: { setting: 'steps', kind: 'linear' },
    });
    for (const kind of ['online', 'theta', 'seasonalNaive'])
      for (const wish of [{ steps: 5 }, { contextLength: 5 }])
        expect(said([{ kind }], wish), kind).toMatchObject({ code: 'INVALID_CONFIG', subject: { kind } });
    // Members follow for the whole, and so does one model of several.
    const members = [
      { kind: 'theta', config: {} },
      { kind: 'linear', config: {} },
    ];
    expect(said([{ kind: 'ensemble', config: { members } }], { contextLength: 5 })).toBeUndefined();
    expect(said([{ kind: 'ensemble', config: { members } }], { steps: 5 })).toMatchObject({ subject: { setting: 'steps' } });
    expect(said([{ kind: 'ensemble' }, { kind: 'ensemble', config: { members: 2 } }], { steps: 5, contextLength: 5 })).toBeUndefined();
    expect(said([{ kind: 'coldStart', config: { member: { kind: 'online', config: {} } } }], { steps: 5 })).toMatchObject({
      subject: { setting: 'steps' },
    });
    expect(said([{ kind: 'theta' }, { kind: 'segment' }], { steps: 5 })).toBeUndefined();
    // Said twice, and not the same.
    expect(said([{ kind: 'segment', config: { train: { steps: 6 } } }], { steps: 5 })).toMatchObject({
      hint: 'Leave steps or train.steps out.',
    });
    expect(said([{ kind: 'segment', config: { train: { steps: 5 } } }], { steps: 5 })).toBeUndefined();
  });

  it('that are said for all reach the members of an ensemble, and a member’s own go before them', () => {
    const derived = plans.settings('ensemble', facts, { contextLength: 48, steps: 7, config: { members: 1 } });
    expect(plans.of('ensemble').members(derived)[0]).toMatchObject({ kind: 'segment', config: { contextLength: 48, train: { steps: 7 } } });
    const listed = [
      { kind: 'linear', config: {} },
      { kind: 'segment', config: { train: { steps: 9 } } },
    ];
    const named = plans.settings('ensemble', facts, { contextLength: 48, steps: 7, config: { members: listed } });
    expect(plans.of('ensemble').members(named)).toMatchObject([
      { config: { contextLength: 48 } },
      { config: { contextLength: 48, train: { steps: 9 } } },
    ]);
  });

  it('have no zoneout where the cell or the encoder has none', () => {
    for (const config of [
      { cell: 'slstm', zoneout: { h: 0.1 } },
      { encoder: 'hierarchical', zoneout: { h: 0.1 } },
      { encoder: 'grid', zoneout: { h: 0.1 } },
    ])
      expect(refusal('recurrent', config)).toMatchObject({ code: 'INVALID_CONFIG', subject: { setting: 'zoneout.h' } });
    expect(refusal('recurrent', { cell: 'gru', zoneout: { c: 0.1 } })).toMatchObject({ subject: { setting: 'zoneout.c' } });
    expect(plans.settings('recurrent', facts, { config: { cell: 'slstm' } })).toMatchObject({ zoneout: { h: 0, c: 0 } });
    expect(plans.settings('recurrent', facts, { config: { cell: 'lstm', zoneout: { h: 0.3 } } })).toMatchObject({
      zoneout: { h: 0.3, c: 0.15 },
    });
  });
});

describe('look-back', () => {
  const known = panelOf(wave('a', 1), wave('b', 2));
  // One that the model has not learned, and whose distant past is nothing like its present.
  const stranger = panelOf(wave('stranger', 3, 40));

  it.each(PLANS.map(({ kind }) => kind))('of %s: a forecast depends on no more of a history than its plan says', async (kind) => {
    const config = settingsOf(kind);
    const model = createForecaster(kind, config);
    await model.fit(known, { seed: 1 });
    const steps = plans.of(kind).lookBack(model.config, plans);
    for (const horizon of [HORIZON, plans.of(kind).longestHorizon(HORIZON, config, plans) >= 2 * HORIZON ? 2 * HORIZON : HORIZON]) {
      const ask = { horizon, levels: [0.1, 0.5, 0.9] };
      const [whole] = await model.predict(stranger, ask);
      const [cut] = await model.predict(lastSteps(stranger, steps), ask);
      expect(cut!.quantiles).toEqual(whole!.quantiles);
    }
    model.dispose();
  });
});

it('counts the threads that a training keeps busy, also where a member does', () => {
  const threads = (kind: string, config: object): number => threadsOf(kind, plans.settings(kind, facts, { config: { ...config } }), 4);
  expect(threads('segment', {})).toBe(4);
  expect(threads('recurrent', {})).toBe(1);
  expect(threads('theta', {})).toBe(1);
  expect(threads('auto', { budget: 'standard' })).toBe(4);
  expect(threads('auto', { budget: 'quick' })).toBe(1);
  expect(threads('ensemble', { members: [{ kind: 'theta', config: {} }] })).toBe(1);
  expect(threads('coldStart', {})).toBe(4);
});

it('refuses a seed that would not be used: all that is drawn comes from that of the request', () => {
  expect(() => checkSeed([{ kind: 'online', config: { seed: 7 } }], 1)).toThrow('The setting seed of a online model cannot be 7');
  expect(() => checkSeed([{ kind: 'online', config: { seed: 7 } }], 7)).not.toThrow();
  expect(() => checkSeed([{ kind: 'online', config: {} }], 1)).not.toThrow();
  const member = { kind: 'online', config: { seed: 1 } };
  expect(() => checkSeed([{ kind: 'ensemble', config: { members: [member] } }], 1)).toThrow(
    'A member of the kind online cannot have a seed',
  );
});
