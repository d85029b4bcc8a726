// Threads start from compiled code, so the library is imported by its name here.
import { AlmanacError } from '@almanac/series';
// eslint-disable-next-line @nx/enforce-module-boundaries
import { SegmentForecaster, defaultConfig, type Checkpoint, type Panel, type SeriesData } from '@almanac/forecasting';
import { describe, expect, it } from 'vitest';

const series: SeriesData[] = [0, 1, 2, 3].map((k) => ({
  id: `s${k}`,
  firstStep: k,
  values: Float64Array.from({ length: 120 + 10 * k }, (_, t) => 5 + k + Math.sin((2 * Math.PI * t) / 12) + 0.2 * Math.sin(t * (1.7 + k))),
}));
const panel: Panel = { frequency: '1', timeZone: 'UTC', seasonLengths: [12], series };

function model(steps = 24): SegmentForecaster {
  const config = defaultConfig({ frequency: '1', seasonLengths: [12], horizon: 12, lengths: [120, 150], count: 4 });
  return new SegmentForecaster({ ...config, hidden: 12, train: { ...config.train, steps, batch: 10, validations: 4 } });
}

/** Fits, is killed after `stop` steps, and returns the last state it saved: after step 15 of 24. */
async function interrupted(threads: number, stop: number): Promise<Checkpoint> {
  let saved: Checkpoint | undefined;
  const controller = new AbortController();
  const fit = model().fit(panel, {
    seed: 3,
    threads,
    signal: controller.signal,
    checkpoint: { everySteps: 5, save: (state) => void (saved = structuredClone(state)) },
    onProgress: ({ step }) => step >= stop && controller.abort(),
  });
  await expect(fit).rejects.toMatchObject({ code: 'TRAINING_CANCELLED' });
  return saved!;
}

describe('training', () => {
  it.each([1, 2, 3])('gives the same weights on %i threads when run twice, and when killed and resumed', async (threads) => {
    const [whole, again, resumed] = [model(), model(), model()];
    await whole.fit(panel, { seed: 3, threads });
    await again.fit(panel, { seed: 3, threads });
    await resumed.fit(panel, { seed: 3, threads, resume: await interrupted(threads, 17) });
    expect(again.save().weights).toEqual(whole.save().weights);
    expect(resumed.save().weights).toEqual(whole.save().weights);
  });

  it('learns the same from threads as from one, up to rounding', async () => {
    const [one, two] = [model(6), model(6)];
    const withoutDropout = (it: SegmentForecaster): SegmentForecaster =>
      new SegmentForecaster({ ...it.config, train: { ...it.config.train, dropout: 0 } });
    const [a, b] = [withoutDropout(one), withoutDropout(two)];
    await a.fit(panel, { seed: 3, threads: 1 });
    await b.fit(panel, { seed: 3, threads: 2 });
    const [left, right] = [a.save().weights, b.save().weights];
    const apart = left.reduce((most, value, i) => Math.max(most, Math.abs(value - right[i]!)), 0);
    expect(apart).toBeLessThan(1e-3);
  });

  it('stops when validation has not improved for as long as its patience, and keeps the best weights', async () => {
    const config = { ...model(200).config };
    const impatient = new SegmentForecaster({ ...config, train: { ...config.train, learningRate: 2, validations: 40, patience: 3 } });
    const losses: number[] = [];
    let steps = 0;
    await impatient.fit(panel, {
      seed: 3,
      onProgress: ({ step, validation }) => {
        steps = step;
        if (validation !== undefined) losses.push(validation);
      },
    });
    expect(steps).toBeLessThan(200);
    const best = Math.min(...losses);
    expect(losses.slice(-4)[0]).toBe(best);
    for (const loss of losses.slice(-3)) expect(loss).toBeGreaterThanOrEqual(best);
  });

  it('refuses the state of another run', async () => {
    const state = await interrupted(1, 7);
    for (const options of [
      { seed: 4, threads: 1 },
      { seed: 3, threads: 2 },
    ])
      await expect(model().fit(panel, { ...options, resume: state })).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' });
  });

  it('starts from another model when asked to, and says when it does not fit', async () => {
    const first = model(200);
    await first.fit(panel, { seed: 3 });
    const start = first.save();
    const losses: number[] = [];
    await model(5).fit(panel, { seed: 9, start, onProgress: ({ validation }) => validation !== undefined && losses.push(validation) });
    const fresh: number[] = [];
    await model(5).fit(panel, { seed: 9, onProgress: ({ validation }) => validation !== undefined && fresh.push(validation) });
    expect(losses[0]!).toBeLessThan(fresh[0]!);
    const other = model();
    const wider = new SegmentForecaster({ ...other.config, hidden: 13 });
    await expect(wider.fit(panel, { seed: 1, start })).rejects.toBeInstanceOf(AlmanacError);
  });

  it('fine-tunes on a panel with other series, keeping what it knew of the old ones', async () => {
    const settings = { ...model(1).config, embedding: 4 };
    const old = new SegmentForecaster({ ...settings, train: { ...settings.train, steps: 60 } });
    await old.fit(panel, { seed: 3 });
    const stranger = { ...series[0]!, id: 'stranger' };
    const tuned = new SegmentForecaster({ ...settings, train: { ...settings.train, learningRate: 0 } });
    await tuned.fit({ ...panel, series: [stranger, series[2]!] }, { seed: 4, start: old.save() });
    const ask = { horizon: 12, levels: [0.5] };
    // With a learning rate of 0 nothing is forgotten: the medians are those of the old model, for the new series as for any stranger.
    const both = { ...panel, series: [stranger, series[2]!] };
    expect(await tuned.predict(both, ask)).toEqual(await old.predict(both, ask));
  });
});
