/**
 * The conformance suite of every forecaster: what any caller may rely on, whatever the model. A check throws an
 * `AssertionError` that says which promise was broken; no test framework is needed to run one.
 *
 * @example for (const check of checkModel({ name: 'theta', create: () => createBaseline('theta') })) it(check.name, check.run)
 */
import assert from 'node:assert/strict';
import { certifyNoLeakage, requireNoLeakage } from '../backtest/leakage.js';
import { Random } from '../dataset/random.js';
import { targetKindsOf } from '../dataset/target.js';
import { type Checkpoint, type Forecaster, type Panel, type SeriesData, type SeriesForecast } from '../forecaster.js';
import { decode, encode, predictElsewhere } from './elsewhere.js';

export interface ModelSubject {
  name: string;
  /** A fresh forecaster for series of season 12 and horizons up to `CHECK_HORIZON`, set up to fit quickly. */
  create: () => Forecaster;
  /** Set where series are meant to read each other, and to add up: two checks are not for these. */
  related?: boolean;
  /** Steps after which a fit is stopped and resumed, where the model can resume. */
  resumeAfter?: number;
  /** It forecasts series that were never observed, by what else is known of them. */
  coldStart?: boolean;
  tolerance?: {
    /** Between a series forecast alone and in a batch, relative to its size; 0 (the same bits) by default. */
    batch?: number;
    /** Between forecasts of a panel and of the same panel in another unit, relative to its size. */
    scale?: number;
    /** Of a constant series' median, relative to the constant. */
    constant?: number;
  };
}

export interface ModelCheck {
  name: string;
  run: () => Promise<void>;
}

export const CHECK_HORIZON = 18;
const LEVELS = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];
const MEDIAN = LEVELS.indexOf(0.5);
const SEED = 20;
const ask = { horizon: CHECK_HORIZON, levels: LEVELS };

const NO_INFLUENCE = 'lets no series of a batch influence another';
const WHOLE = 'keeps to whole numbers from 0 up where it is asked to, and changes nothing else';

export function checkModel(subject: ModelSubject): ModelCheck[] {
  const { batch = 0, scale = 1e-9, constant = 1e-9 } = subject.tolerance ?? {};
  const use = async <T>(make: () => Promise<Forecaster>, work: (model: Forecaster) => Promise<T>): Promise<T> => {
    const model = await make();
    try {
      return await work(model);
    } finally {
      model.dispose();
    }
  };
  const fitted = async (panel: Panel): Promise<Forecaster> => {
    const model = subject.create();
    await model.fit(panel, { seed: SEED });
    return model;
  };
  let shared: Promise<Forecaster> | undefined;
  /** One fitted on `checkPanel()`, for all checks that only predict: what they ask may leave nothing in it that shows in an answer. */
  const asUsual = async <T>(work: (model: Forecaster) => Promise<T>): Promise<T> => work(await (shared ??= fitted(checkPanel())));
  const forecast = (training: Panel, panel = training): Promise<SeriesForecast[]> =>
    use(
      () => fitted(training),
      (model) => model.predict(panel, ask),
    );

  const checks: ModelCheck[] = [
    {
      name: 'forecasts every series in order, after its last value, with non-decreasing finite quantiles',
      run: async () => {
        const panel = checkPanel();
        await asUsual(async (model) => {
          for (const [horizon, levels] of [
            [CHECK_HORIZON, LEVELS],
            [1, [0.5]],
            [7, [0.01, 0.333, 0.5, 0.987]],
          ] as const) {
            const forecasts = await model.predict(panel, { horizon, levels });
            assert.deepEqual(
              forecasts.map(({ id, cutoff }) => [id, cutoff]),
              panel.series.map(({ id, firstStep, values }) => [id, firstStep + values.length - 1]),
            );
            for (const one of forecasts) {
              assert.equal(one.quantiles.length, levels.length * horizon, `${one.id}: [levels, horizon]`);
              requireFinite(one);
              for (let i = horizon; i < one.quantiles.length; i++)
                assert.ok(one.quantiles[i]! >= one.quantiles[i - horizon]!, `${one.id}: quantiles cross at ${i}`);
            }
          }
        });
      },
    },
    {
      name: 'forecasts beyond the horizon it was set up for, beginning as it does within it, or says that it cannot',
      run: async () => {
        const panel = checkPanel();
        const far = CHECK_HORIZON + 7;
        await asUsual(async (model) => {
          const near = await model.predict(panel, ask);
          const refused = (error: unknown): undefined => {
            assert.equal((error as { code?: string }).code, 'HORIZON_TOO_LONG');
          };
          const forecasts = await model.predict(panel, { horizon: far, levels: LEVELS }).catch(refused);
          forecasts?.forEach((one, s) => {
            assert.equal(one.quantiles.length, LEVELS.length * far, `${one.id}: [levels, horizon]`);
            requireFinite(one);
            for (let i = far; i < one.quantiles.length; i++)
              assert.ok(one.quantiles[i]! >= one.quantiles[i - far]!, `${one.id}: quantiles cross at ${i}`);
            const start = one.quantiles.slice(MEDIAN * far, MEDIAN * far + CHECK_HORIZON);
            assert.deepEqual(start, medians(near[s]!).slice(), `${one.id} begins otherwise`);
          });
        });
      },
    },
    {
      name: 'draws whole futures from a seed, as spread as its forecast, where it draws any',
      run: async () => {
        const panel = checkPanel();
        const count = 100;
        await asUsual(async (model) => {
          const drawn = await model.predict(panel, { ...ask, paths: { count, seed: 5 } });
          if (drawn.every(({ paths }) => paths === undefined)) return;
          assert.deepEqual(await model.predict(panel, { ...ask, paths: { count, seed: 5 } }), drawn);
          const others = await model.predict(panel, { ...ask, paths: { count, seed: 6 } });
          let [below, inside] = [0, 0];
          drawn.forEach(({ id, paths, quantiles }, s) => {
            assert.equal(paths!.length, count * CHECK_HORIZON, `${id}: [count, horizon]`);
            assert.ok(paths!.every(Number.isFinite), `${id}: a path is not finite`);
            assert.notDeepEqual(others[s]!.paths, paths, `${id}: the seed does not count`);
            assert.deepEqual(others[s]!.quantiles, quantiles, `${id}: the forecast depends on the paths asked for`);
            paths!.forEach((value, i) => {
              const at = (level: number): number => quantiles[LEVELS.indexOf(level) * CHECK_HORIZON + (i % CHECK_HORIZON)]!;
              if (value < at(0.5)) below++;
              if (value >= at(0.05) && value <= at(0.95)) inside++;
            });
          });
          const all = drawn.length * count * CHECK_HORIZON;
          assert.ok(Math.abs(below / all - 0.5) < 0.15, `${below / all} of all drawn values are below the median`);
          assert.ok(Math.abs(inside / all - 0.9) < 0.07, `${inside / all} of all drawn values are in the 90 % interval`);
        });
      },
    },
    {
      name: 'gives the same bits for the same seed, and leaves its input alone',
      run: async () => {
        const panel = checkPanel();
        const before = panel.series.map(({ values }) => values.slice());
        const first = await forecast(panel);
        assert.deepEqual(await asUsual((model) => model.predict(checkPanel(), ask)), first);
        panel.series.forEach(({ values, id }, i) => assert.deepEqual(values, before[i], `${id} was changed`));
      },
    },
    {
      name: 'forecasts the same bits after a round trip through a checkpoint, in another process',
      run: async () => {
        const panel = checkPanel();
        await asUsual(async (model) => {
          const checkpoint = model.save();
          assert.equal(checkpoint.manifest.kind, model.kind);
          assert.deepEqual(await predictElsewhere(checkpoint, panel, ask), await model.predict(panel, ask));
        });
      },
    },
    {
      name: 'takes gaps, late starts and missing ends without inventing or spreading them',
      run: async () => {
        const holes = checkPanel();
        const [gaps, late, ended, nothing] = holes.series as [SeriesData, SeriesData, SeriesData, SeriesData];
        for (let t = 0; t < gaps.values.length; t += 3) gaps.values[t] = Number.NaN;
        late.values.fill(Number.NaN, 0, 60);
        ended.values.fill(Number.NaN, ended.values.length - 5);
        nothing.values.fill(Number.NaN);
        const ways = [() => asUsual((model) => model.predict(holes, ask)), () => forecast(holes)];
        for (const way of ways) {
          const forecasts = await way();
          forecasts.filter(({ id }) => id !== nothing.id).forEach(requireFinite);
          const unknown = forecasts.find(({ id }) => id === nothing.id)!;
          if (subject.coldStart) requireFinite(unknown);
          else assert.ok(unknown.quantiles.every(Number.isNaN), 'a series that was never observed has no forecast');
        }
      },
    },
    {
      name: 'forecasts a constant as that constant',
      run: async () => {
        const value = 42;
        const panel = { ...checkPanel(), series: [covered('constant', 0, new Float64Array(120).fill(value))] };
        const among = { ...panel, series: [...checkPanel().series, ...panel.series] };
        const ways = [() => asUsual((model) => model.predict(panel, ask)), () => forecast(among, panel)];
        for (const way of ways) {
          const [only] = await way();
          requireFinite(only!);
          for (const got of medians(only!)) assert.ok(Math.abs(got / value - 1) <= constant, `${got} is not ${value}`);
        }
      },
    },
    {
      name: 'forecasts a series of one observation',
      run: async () => {
        const panel = { ...checkPanel(), series: [covered('one', 3, Float64Array.of(5))] };
        const [only] = await asUsual((model) => model.predict(panel, ask));
        assert.equal(only!.cutoff, 3);
        requireFinite(only!);
      },
    },
    {
      name: 'follows the unit of the data, from 1e-9 to 1e12',
      run: async () => {
        const base = await asUsual((model) => model.predict(checkPanel(), ask));
        for (const unit of [1e-9, 1e12]) {
          const scaled = await forecast(checkPanel(unit));
          scaled.forEach((one, i) => {
            requireFinite(one);
            const size = meanSize(base[i]!.quantiles);
            one.quantiles.forEach((got, k) => {
              const difference = Math.abs(got / unit - base[i]!.quantiles[k]!) / size;
              assert.ok(difference <= scale, `${one.id} in units of ${unit} is off by ${difference}`);
            });
          });
        }
      },
    },
    {
      name: WHOLE,
      run: async () => {
        const panel = countPanel();
        const targets = targetKindsOf(panel.series);
        for (const { nonNegative, whole } of targets.values()) assert.ok(nonNegative && whole);
        await use(
          () => fitted(panel),
          async (model) => {
            const free = await model.predict(panel, ask);
            const kept = await model.predict(panel, { ...ask, targets });
            kept.forEach((one, s) => {
              const least = targets.get(one.id)?.least ?? 0;
              one.quantiles.forEach((value, i) => {
                const before = free[s]!.quantiles[i]!;
                assert.equal(value, before < least / 2 ? 0 : Math.round(Math.max(0, before)) + 0, one.id);
              });
            });
          },
        );
      },
    },
    {
      name: NO_INFLUENCE,
      run: async () => {
        const panel = checkPanel();
        const wild = covered(
          'wild',
          0,
          Float64Array.from({ length: 120 }, (_, t) => (t % 2 === 0 ? 1e15 : -1e15)),
        );
        await asUsual(async (model) => {
          const together = await model.predict({ ...panel, series: [wild, ...panel.series.toReversed()] }, ask);
          for (const series of panel.series) {
            const [alone] = await model.predict({ ...panel, series: [series] }, ask);
            const among = together.find(({ id }) => id === series.id)!;
            const size = meanSize(alone!.quantiles);
            alone!.quantiles.forEach((value, k) =>
              assert.ok(
                Math.abs(value - among.quantiles[k]!) <= batch * size,
                `${series.id} depends on its neighbours: ${value}, ${among.quantiles[k]}`,
              ),
            );
          }
        });
      },
    },
    {
      name: 'reads nothing after the cutoff',
      run: async () => {
        const panel = checkPanel();
        const options = { cutoffs: [95], horizon: CHECK_HORIZON, levels: LEVELS, seed: SEED };
        requireNoLeakage(await certifyNoLeakage(subject.name, panel, subject.create, options));
      },
    },
    {
      name: 'stops when cancelled, and works after that',
      run: async () => {
        const panel = checkPanel();
        await use(
          async () => subject.create(),
          (model) => assert.rejects(model.fit(panel, { seed: SEED, signal: AbortSignal.abort() })),
        );
        await use(
          () => fitted(panel),
          async (model) => {
            await assert.rejects(model.predict(panel, { ...ask, signal: AbortSignal.abort() }));
            (await model.predict(panel, ask)).forEach(requireFinite);
          },
        );
      },
    },
  ];
  const { resumeAfter } = subject;
  if (resumeAfter !== undefined) {
    checks.push({
      name: 'ends with the same bits when stopped half-way and resumed from what it saved',
      run: async () => {
        const panel = checkPanel();
        const stop = new AbortController();
        let state: Checkpoint | undefined;
        const save = (saved: Checkpoint): void => {
          state ??= decode(encode(saved)) as Checkpoint;
          stop.abort();
        };
        await use(
          async () => subject.create(),
          (model) => assert.rejects(model.fit(panel, { seed: SEED, signal: stop.signal, checkpoint: { everySteps: resumeAfter, save } })),
        );
        assert.ok(state, 'the stopped fit saved nothing');
        const resumed = subject.create();
        await resumed.fit(panel, { seed: SEED, resume: state });
        await use(
          async () => resumed,
          (again) =>
            asUsual(async (straight) => {
              assert.deepEqual(again.save(), straight.save());
              assert.deepEqual(await again.predict(panel, ask), await straight.predict(panel, ask));
            }),
        );
      },
    });
  }
  return checks.filter(({ name }) => !subject.related || (name !== NO_INFLUENCE && name !== WHOLE));
}

/** Four seasonal series of different level, length and start. */
function checkPanel(unit = 1): Panel {
  const random = new Random(SEED, 1);
  const make = (id: string, length: number, level: number, firstStep: number): SeriesData =>
    covered(
      id,
      firstStep,
      Float64Array.from({ length }, (_, t) => unit * level * (3 + Math.sin((2 * Math.PI * (t + firstStep)) / 12) + 0.1 * random.normal())),
    );
  return {
    frequency: '1',
    timeZone: 'UTC',
    seasonLengths: [12],
    series: [make('a', 120, 1, 0), make('b', 120, 50, 0), make('c', 110, 1000, 8), make('d', 130, 7, 0)],
  };
}

/** Rare counts, which spreads around their mean would take below 0. */
function countPanel(): Panel {
  const panel = checkPanel();
  const random = new Random(SEED, 3);
  const series = panel.series.map((one) => ({ ...one, values: one.values.map(() => Math.floor(-1.2 * Math.log(1 - random.next()))) }));
  return { ...panel, series };
}

/** A series with every kind of covariate. */
function covered(id: string, firstStep: number, values: Float64Array): SeriesData {
  const random = new Random(SEED, 2, values.length);
  return {
    id,
    firstStep,
    values,
    staticCovariates: { area: id.length },
    pastCovariates: { load: Float64Array.from(values, () => random.normal()) },
    futureCovariates: { price: Float64Array.from({ length: values.length + CHECK_HORIZON + 20 }, () => random.normal()) },
  };
}

function requireFinite(forecast: SeriesForecast): void {
  assert.ok(forecast.quantiles.every(Number.isFinite), `${forecast.id}: a quantile is not finite`);
}

function medians(forecast: SeriesForecast): Float64Array {
  return forecast.quantiles.subarray(MEDIAN * CHECK_HORIZON, (MEDIAN + 1) * CHECK_HORIZON);
}

function meanSize(values: Float64Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
}
