/**
 * Sixty days in the life of a model, run with a fake clock: hourly data arrive every day, a forecast is made every night and
 * watched every morning, the model is trained anew every week. On day 40 the level of everything rises, and from then on every
 * other day works a second shift. The network reads the level off its look-back, so it is over that by itself; the new rhythm is
 * in no model that was trained before, and only what has learned it forecasts well again.
 * Every training takes the same steps with the same settings: versions differ in nothing but in what they have seen.
 */
import { type GateVerdict, monitorResult, type MonitorResult, type Run, trainResult, type TrainResult } from '@almanac/contracts';
import { requestForecast, requestReplay } from '@almanac/flow/forecast';
import { requestMonitoring } from '@almanac/flow/monitor';
import { forecastScores, listAliasHistory, listModelVersions, listRuns } from '@almanac/flow/query';
import { createSchedule, fireDue, listFirings } from '@almanac/flow/schedule';
import { requestTraining } from '@almanac/flow/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFlow, type TestFlow } from '../support/flow.js';

const DAY = 24;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2024, 0, 1);
const FIRST_STEP = START / HOUR_MS;
const [FIRST_DAYS, SHIFT_DAY, LAST_DAY] = [14, 40, 60];
const SERIES = ['s0', 's1', 's2', 's3'];
const STEPS = 80;

let test: TestFlow;
let now = new Date(START);
const at = (day: number, hour = 0): Date => new Date(START + (day * DAY + hour) * HOUR_MS);
const dayOf = (instant: string | number): number => (Date.parse(String(instant)) - START) / HOUR_MS / DAY;

/** Deterministic noise in ±1. */
const noise = (series: number, t: number): number => ((Math.sin(t * 12.9898 + series * 78.233) * 43_758.5453) % 1) * 2 - 1;

function value(series: number, step: number): number {
  const t = step - FIRST_STEP;
  const day = Math.floor(t / DAY);
  const shape = 2 + Math.sin((2 * Math.PI * (t + 3 * series)) / 24) + 0.5 * Math.cos((2 * Math.PI * t) / 12) + 0.25 * noise(series, t);
  const shift = day < SHIFT_DAY ? 0 : day % 2 === 0 ? 6 : 2;
  return (10 + 5 * series) * (shape + shift);
}

const arrive = (fromDay: number, toDay: number): Promise<void> =>
  test.arrive('load', SERIES, FIRST_STEP + fromDay * DAY, FIRST_STEP + toDay * DAY, value);

/** Also what follows from a run: the training after a drift. */
async function allEnded(): Promise<void> {
  const { store } = test.flow;
  for (;;) {
    // Queued first: what is not queued any more is running or has ended.
    const queued = await store.runs.list({ status: 'queued', limit: 1 });
    const running = await store.runs.list({ status: 'running', limit: 1 });
    if (queued.items.length === 0 && running.items.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

/** What the story left behind, read as anybody would read it. */
interface Facts {
  runs: Run[];
  trainings: Map<string, TrainResult>;
  /** By the day on which the monitor run was due. */
  mornings: { day: number; result: MonitorResult }[];
  scores: MonitorResult['scored'];
}
let facts: Facts;

async function readFacts(): Promise<Facts> {
  const runs = (await listRuns(test.flow, { limit: 1000 })).items;
  const byId = new Map(runs.map((run) => [run.id, run]));
  const firings = (await listFirings(test.flow, 'morning', { limit: 1000 })).items.reverse();
  const mornings = firings.map(({ dueAt, runId }) => ({ day: dayOf(dueAt), result: monitorResult.parse(byId.get(runId!)!.result) }));
  return {
    runs,
    trainings: new Map(runs.filter(({ kind }) => kind === 'train').map(({ id, result }) => [id, trainResult.parse(result)])),
    mornings,
    scores: mornings.flatMap(({ result }) => result.scored).sort((a, b) => String(a.cutoff).localeCompare(String(b.cutoff))),
  };
}

beforeAll(async () => {
  test = await startFlow(['train', 'forecast', 'monitor'], () => now);
  const { flow } = test;
  await arrive(0, FIRST_DAYS);
  now = at(FIRST_DAYS);
  const config = { hidden: 24, train: { batch: 64 } };
  const training = { dataset: 'load', model: 'load', kind: 'segment', horizon: DAY, contextLength: 72, steps: STEPS, config };
  await requestTraining(flow, training);
  await allEnded();
  now = at(FIRST_DAYS + 1);
  const weekly = { ...training, holdout: 4 * DAY, gate: true };
  await createSchedule(flow, {
    name: 'nightly',
    cron: '10 0 * * *',
    action: { kind: 'forecast', request: { model: 'models:/load@champion' } },
  });
  await createSchedule(flow, {
    name: 'morning',
    cron: '0 6 * * *',
    action: { kind: 'monitor', request: { model: 'load', retrainOnDrift: weekly } },
  });
  await createSchedule(flow, { name: 'weekly', cron: '0 1 * * MON', action: { kind: 'train', request: weekly } });
  for (let day = FIRST_DAYS; day < LAST_DAY; day++) {
    await arrive(day, day + 1);
    for (const hour of [0.2, 1, 6]) {
      now = at(day + 1, hour);
      await fireDue(flow);
      await allEnded();
    }
  }
  facts = await readFacts();
}, 3_600_000);
afterAll(() => test?.close());

describe('sixty days with a level shift', () => {
  it('go without a failure: every due time left exactly one run, and every run succeeded', async () => {
    expect(facts.runs.filter(({ status }) => status !== 'succeeded')).toEqual([]);
    const nights = LAST_DAY - FIRST_DAYS;
    for (const [name, count] of [
      ['nightly', nights],
      ['morning', nights],
      ['weekly', 6],
    ] as const) {
      const firings = (await listFirings(test.flow, name, { limit: 1000 })).items;
      expect(firings.filter(({ outcome, runId }) => outcome !== 'fired' || runId === null)).toEqual([]);
      expect(new Set(firings.map(({ runId }) => runId)).size).toBe(count);
      expect(firings).toHaveLength(count);
    }
  });

  it('have every night forecast, scored once, step by step', async () => {
    // All but the last, whose day has not come.
    expect(facts.scores).toHaveLength(LAST_DAY - FIRST_DAYS - 1);
    expect(new Set(facts.scores.map(({ runId }) => runId)).size).toBe(facts.scores.length);
    for (const { runId, series } of facts.scores) {
      expect(series).toBe(SERIES.length);
      expect(await forecastScores(test.flow, runId)).toMatchObject({ observed: DAY });
    }
  });

  it('find the drift within three days of the shift, and none before it', () => {
    const drifted = facts.mornings.filter(({ result }) => result.drift);
    // The day of the shift has passed on the morning of the next.
    expect(drifted[0]!.day).toBeGreaterThan(SHIFT_DAY);
    expect(drifted[0]!.day).toBeLessThanOrEqual(SHIFT_DAY + 3);
    const [alert] = drifted[0]!.result.alerts;
    expect(['ERROR_DRIFT', 'BIAS']).toContain(alert!.code);
    expect(dayOf(alert!.since)).toBeGreaterThanOrEqual(SHIFT_DAY - 2 / DAY);
  });

  it('train a challenger for it, which the gate lets pass only once it has learned what is new', async () => {
    const answers = facts.mornings.flatMap(({ day, result }) =>
      result.retrainRunId ? [{ day, training: facts.trainings.get(result.retrainRunId)! }] : [],
    );
    expect(answers[0]!.day).toBeLessThanOrEqual(SHIFT_DAY + 3);
    // None was trained for longer than the first; validation ends some of them sooner.
    const steps = [...facts.trainings.values()].map((training) => training.steps);
    expect([Math.max(...steps), [...facts.trainings.values()].find(({ version }) => version === 1)!.steps]).toEqual([STEPS, STEPS]);
    const passed = answers.find(({ training }) => training.gate?.promoted && dayOf(training.holdout.start) > SHIFT_DAY);
    expect(passed).toBeDefined();
    const { gate, version } = passed!.training;
    expect(gate!.tests.map(({ against }) => against)).toEqual([expect.stringMatching(/^version \d+$/), 'seasonalNaive']);
    for (const { pValue, challengerWql, otherWql } of gate!.tests) {
      expect(pValue).toBeLessThan(gate!.level);
      expect(challengerWql).toBeLessThan(otherWql);
    }
    const history = (await listAliasHistory(test.flow, 'load', { limit: 1000 })).items;
    for (const alias of ['challenger', 'champion'] as const)
      expect(history.find((one) => one.alias === alias && one.version === version)).toMatchObject({ reason: gate!.reason });
  });

  it('are accurate again, and because of that: who was champion at the shift stays as bad as it was', async () => {
    const { flow } = test;
    const errors = (from: number, to: number): number[] =>
      facts.scores.filter(({ cutoff }) => dayOf(cutoff) >= from - 0.5 && dayOf(cutoff) < to - 0.5).map(({ wql }) => wql!);
    // From day 43 on the look-back knows the new level; what is wrong then stays wrong until something learns.
    const [before, after, end] = [mean(errors(26, 40)), mean(errors(43, 47)), mean(errors(54, 60))];
    expect(after).toBeGreaterThan(2 * before);
    expect(end).toBeLessThan(0.7 * after);
    // Beside seasonal naive, for whom the new days are harder as well, it is better than it ever was.
    const skill = (from: number, to: number): number =>
      mean(errors(from, to)) /
      mean(facts.scores.filter(({ cutoff }) => dayOf(cutoff) >= from - 0.5 && dayOf(cutoff) < to - 0.5).map(({ naiveWql }) => naiveWql!));
    expect(skill(43, 47)).toBeGreaterThan(skill(26, 40));
    expect(skill(54, 60)).toBeLessThan(skill(26, 40));
    const atShift = facts.scores.findLast(({ cutoff }) => dayOf(cutoff) < SHIFT_DAY)!.version;
    const live = facts.scores.filter(({ cutoff }) => dayOf(cutoff) >= 53.5);
    const asked: Run[] = [];
    for (const { cutoff } of live) asked.push(await requestForecast(flow, { model: `load/${atShift}`, calibrate: false, cutoff }));
    await allEnded();
    await test.ended(await requestMonitoring(flow, { model: 'load', rollback: false }));
    const judged = (await listRuns(flow, { kind: 'monitor', limit: 1 })).items[0]!;
    const old = monitorResult.parse(judged.result).scored.filter(({ runId }) => asked.some(({ id }) => id === runId));
    expect(old).toHaveLength(live.length);
    // Day by day: by chance that happens once in 64 times.
    for (const { cutoff, wql } of old) expect(wql!).toBeGreaterThan(1.2 * live.find((one) => one.cutoff === cutoff)!.wql!);
    expect(mean(old.map(({ wql }) => wql!))).toBeGreaterThan(0.9 * after);
  });

  it('are in the history: which version was champion when, why, and what each rests on', async () => {
    const { flow } = test;
    const history = (await listAliasHistory(flow, 'load', { limit: 1000 })).items;
    const reigns = history.filter(({ alias }) => alias === 'champion').reverse();
    const verdicts = [...facts.trainings.values()].flatMap(({ version, gate }) => (gate ? [{ version, gate }] : []));
    const promoted = verdicts.filter(({ gate }) => gate.promoted).sort((a, b) => a.version - b.version);
    expect(reigns.map(({ version, reason }) => [version, reason])).toEqual([
      [1, 'first version'],
      ...promoted.map(({ version, gate }) => [version, gate.reason]),
    ]);
    reigns.forEach(({ to }, i) => expect(to).toBe(reigns[i + 1]?.from ?? null));
    const proved = ({ tests, promoted: so }: GateVerdict): boolean => so === tests.every(({ better }) => better) || tests.length === 0;
    expect(verdicts.every(({ gate }) => proved(gate))).toBe(true);
    // The forecast of each night is by the champion of that night.
    const nights = facts.runs.filter(({ kind }) => kind === 'forecast');
    for (const { createdAt, config } of nights) {
      const then = (await listAliasHistory(flow, 'load', { at: createdAt })).items.find(({ alias }) => alias === 'champion');
      expect(config['modelVersion']).toBe(then!.version);
    }
    // Each version names the data that it has seen: no two the same.
    const versions = (await listModelVersions(flow, 'load', { limit: 1000 })).items;
    expect(versions).toHaveLength(facts.trainings.size);
    for (const { runId, lineage } of versions)
      expect(lineage.datasetVersion).toBe(facts.runs.find(({ id }) => id === runId)!.config['datasetVersion']);
    expect(versions.at(0)!.lineage.datasetVersion).toBeGreaterThan(versions.at(-1)!.lineage.datasetVersion);
  });

  it('can be replayed bit for bit, after the data have been compacted', async () => {
    const { store } = test.flow;
    const { id } = await store.datasets.get('load');
    await store.datasets.compact(id, { keepLast: 1 });
    for (const day of [FIRST_DAYS + 1, SHIFT_DAY + 1, LAST_DAY - 2]) {
      const { runId } = facts.scores.find(({ cutoff }) => Math.abs(dayOf(cutoff) - day) < 0.5)!;
      const { result } = await test.ended(await requestReplay(test.flow, runId));
      expect(result!['replay']).toMatchObject({ compared: SERIES.length, differing: [], largestDifference: 0, sameEngine: true });
    }
  });
});
