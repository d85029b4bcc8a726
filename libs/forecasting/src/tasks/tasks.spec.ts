import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import { type Panel } from '../forecaster.js';
import { type TaskExample } from './examples.js';
import { taskSpec, type TaskSettings } from './spec.js';
import { TaskModel } from './taskModel.js';
import { gapExamples, windowExamples } from './windows.js';

const draw = (count: number, seed: number, make: (random: Random) => TaskExample): TaskExample[] =>
  Array.from({ length: count }, (_, i) => make(new Random(seed, 1, i)));
const fitted = async (settings: TaskSettings, examples: TaskExample[]): Promise<TaskModel> => {
  const model = new TaskModel(taskSpec({ hidden: 16, levels: [0.1, 0.5, 0.9], ...settings }));
  await model.fit(examples, { seed: 1 });
  return model;
};
const panelOf = (series: Float64Array[]): Panel => ({
  frequency: 'h',
  timeZone: 'UTC',
  seasonLengths: [12],
  series: series.map((values, i) => ({ id: `s${i}`, firstStep: 0, values })),
});

/** Mean |target − answer at level `q`| over what is asked, and the share inside the outer levels. */
async function errorOf(model: TaskModel, examples: TaskExample[]): Promise<{ mae: number; coverage: number }> {
  let [sum, inside, count] = [0, 0, 0];
  const answers = await model.answer(examples);
  const Q = model.spec.levels.length;
  answers.forEach((answer, e) => {
    const size = answer.length / Q;
    examples[e]!.target.forEach((actual, i) => {
      if (Number.isNaN(actual)) return;
      sum += Math.abs(actual - answer[Math.floor(Q / 2) * size + i]!);
      inside += Number(actual >= answer[i]! && actual <= answer[(Q - 1) * size + i]!);
      count++;
    });
  });
  return { mae: sum / count, coverage: inside / count };
}

describe('sequence to vector', () => {
  /** Seasons whose amplitude grows or shrinks, of very different sizes. */
  const series = (seed: number): Float64Array => {
    const random = new Random(seed, 2);
    const [level, pace] = [10 ** (4 * random.next()), 0.03 * (random.next() - 0.5)];
    return Float64Array.from({ length: 96 }, (_, t) => level * (5 + Math.exp(pace * t) * Math.sin((2 * Math.PI * t) / 12)));
  };
  const shape = { contextLength: 24, horizon: 12, stepSize: 5 };
  const peak = { ...shape, answer: (season: Float64Array): number[] => [Math.max(...season)] };

  it('foretells the peak of the next season better than the peak of the last one', async () => {
    const train = windowExamples(panelOf(Array.from({ length: 60 }, (_, i) => series(i))), peak);
    const test = windowExamples(panelOf(Array.from({ length: 30 }, (_, i) => series(1000 + i))), peak);
    const model = await fitted(
      { family: 'sequenceToVector', inputs: 1, outputs: 1, contextLength: 24, train: { steps: 350, learningRate: 1e-2 } },
      train,
    );
    const answers = await model.answer(test);
    const relative = (guess: (example: TaskExample, i: number) => number): number =>
      test.reduce((sum, example, i) => sum + Math.abs(guess(example, i) / example.target[0]! - 1), 0) / test.length;
    const last = relative(({ input }) => Math.max(...input.subarray(12)));
    expect(relative((_, i) => answers[i]![1]!)).toBeLessThan(0.6 * last);
    for (const [low, middle, high] of answers) expect(low! <= middle! && middle! <= high!).toBe(true);
  });

  it('tells the class of a sequence, with gaps and of any length, in probabilities', async () => {
    const example = (random: Random): TaskExample => {
      const kind = random.below(3);
      const [steps, phase] = [18 + random.below(7), 6.28 * random.next()];
      const wave = [Math.sin, (x: number): number => Math.sign(Math.sin(x)), (x: number): number => (x / Math.PI) % 2];
      const input = Float64Array.from({ length: steps }, (_, t) =>
        random.next() < 0.1 ? Number.NaN : wave[kind]!(t + phase) + 0.1 * random.normal(),
      );
      return { input, target: Float64Array.of(kind) };
    };
    const settings: TaskSettings = { family: 'sequenceToVector', inputs: 1, outputs: 3, answer: 'classes', contextLength: 24 };
    const model = await fitted({ ...settings, train: { steps: 250, learningRate: 1e-2 } }, draw(1500, 1, example));
    const test = draw(300, 2, example);
    const answers = await model.answer(test);
    const right = answers.filter((p, i) => p.indexOf(Math.max(...p)) === test[i]!.target[0]).length;
    expect(right / test.length).toBeGreaterThan(0.9);
    for (const probabilities of answers) expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
  });
});

describe('aligned', () => {
  const walks = (count: number, seed: number): Panel =>
    panelOf(
      Array.from({ length: count }, (_, i) => {
        const random = new Random(seed, 3, i);
        let value = 50;
        return Float64Array.from({ length: 120 }, () => (value += random.normal()));
      }),
    );

  it('fills a gap in the middle better from both sides than from the past alone, with honest intervals', async () => {
    const options = { contextLength: 24, gap: 6, stepSize: 8 };
    const train = gapExamples(walks(150, 1), options);
    const test = gapExamples(walks(40, 2), options);
    const settings: TaskSettings = {
      family: 'aligned',
      inputs: 1,
      outputs: 1,
      contextLength: 24,
      train: { steps: 300, learningRate: 1e-2 },
    };
    const both = await errorOf(await fitted(settings, train), test);
    const past = await errorOf(await fitted({ ...settings, bidirectional: false, hidden: 23 }, train), test);
    expect(both.mae).toBeLessThan(0.8 * past.mae);
    expect(both.coverage).toBeGreaterThan(0.7);
    expect(both.coverage).toBeLessThan(0.9);
  });
});

describe('vector to sequence', () => {
  /** A season that size, peak hour and shape say all about. */
  const example = (random: Random): TaskExample => {
    const [size, peak, sharp] = [1 + 9 * random.next(), random.below(12), random.next()];
    const value = (t: number): number => size * (2 + Math.cos((2 * Math.PI * (t - peak)) / 12) * (0.5 + sharp)) + 0.2 * random.normal();
    return {
      input: Float64Array.of(size, Math.cos((2 * Math.PI * peak) / 12), Math.sin((2 * Math.PI * peak) / 12), sharp),
      target: Float64Array.from({ length: 12 }, (_, t) => value(t)),
    };
  };

  it('draws a series that it has seen nothing of from what is known about it', async () => {
    const settings: TaskSettings = {
      family: 'vectorToSequence',
      inputs: 4,
      outputs: 1,
      horizon: 12,
      train: { steps: 400, learningRate: 1e-2 },
    };
    const train = draw(1500, 1, example);
    const test = draw(200, 2, example);
    const { mae } = await errorOf(await fitted(settings, train), test);
    const mean = train.reduce((sum, { target }) => sum + target.reduce((all, value) => all + value, 0) / 12, 0) / train.length;
    const blind =
      test.reduce((sum, { target }) => sum + target.reduce((all, value) => all + Math.abs(value - mean), 0) / 12, 0) / test.length;
    expect(mae).toBeLessThan(0.15 * blind);
  });
});

describe('unaligned', () => {
  it('answers a sequence by one of another length', async () => {
    // Six steps ahead of a noisy wave of unknown phase, size and level.
    const example = (random: Random): TaskExample => {
      const [level, size, phase] = [100 * random.normal(), 1 + 5 * random.next(), 6.28 * random.next()];
      const values = Float64Array.from({ length: 30 }, (_, t) => level + size * (Math.sin(phase + t / 2) + 0.05 * random.normal()));
      return { input: values.slice(0, 24), target: values.slice(24) };
    };
    const settings: TaskSettings = { family: 'unaligned', inputs: 1, outputs: 1, contextLength: 24, horizon: 6 };
    const model = await fitted({ ...settings, train: { steps: 250, learningRate: 1e-2 } }, draw(1500, 1, example));
    const test = draw(200, 2, example);
    const last = test.reduce((sum, { input, target }) => sum + target.reduce((all, v) => all + Math.abs(v - input[23]!), 0) / 6, 0) / 200;
    expect((await errorOf(model, test)).mae).toBeLessThan(0.25 * last);
  });
});

describe('a task', () => {
  const example = (random: Random): TaskExample => ({
    input: Float64Array.from({ length: 2 * (2 + random.below(5)) }, () => (random.next() < 0.2 ? Number.NaN : random.normal())),
    known: Float64Array.from({ length: 3 }, () => random.next()),
    target: Float64Array.from({ length: 6 }, () => random.normal()),
  });
  const spec = taskSpec({
    family: 'unaligned',
    inputs: 2,
    outputs: 2,
    contextLength: 6,
    horizon: 3,
    known: 1,
    hidden: 6,
    train: { steps: 8 },
  });

  it('gives the same bits for the same seed, alone or among others, and after a checkpoint', async () => {
    const [examples, test] = [draw(40, 1, example), draw(5, 2, example)];
    const make = async (): Promise<TaskModel> => {
      const model = new TaskModel(spec);
      await model.fit(examples, { seed: 3 });
      return model;
    };
    const model = await make();
    const answers = await model.answer(test);
    expect(answers.map(({ length }) => length)).toEqual([18, 18, 18, 18, 18]);
    expect(await (await make()).answer(test)).toEqual(answers);
    const { manifest, weights } = model.save();
    const again = TaskModel.load({ manifest: JSON.parse(JSON.stringify(manifest)) as typeof manifest, weights: weights.slice() });
    expect(await again.answer(test)).toEqual(answers);
    const [alone] = await model.answer([test[3]!]);
    alone!.forEach((value, i) => expect(value).toBeCloseTo(answers[3]![i]!, 5));
  });

  it('says which example or setting cannot be', async () => {
    const model = new TaskModel(spec);
    const fit = (examples: TaskExample[]): Promise<void> => model.fit(examples, { seed: 1 });
    const [good] = draw(1, 1, example) as [TaskExample];
    await expect(fit([])).rejects.toMatchObject({ code: 'TASK_EXAMPLE' });
    await expect(fit([{ ...good, input: new Float64Array(7) }])).rejects.toThrow(/input of 7 numbers/);
    await expect(fit([{ ...good, target: new Float64Array(4) }])).rejects.toThrow(/target of 4 numbers/);
    await expect(fit([{ input: good.input, target: good.target }])).rejects.toThrow(/0 known numbers/);
    await expect(model.answer([good])).rejects.toMatchObject({ code: 'MODEL_NOT_FITTED' });
    await expect(model.fit([good], { seed: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'TRAINING_CANCELLED' });
    expect(() => taskSpec({ family: 'aligned', inputs: 1, outputs: 1, horizon: 4 })).toThrow(/horizon/);
    expect(() => taskSpec({ family: 'sequenceToVector', inputs: 1, outputs: 1, answer: 'classes' })).toThrow(/outputs/);
  });
});
