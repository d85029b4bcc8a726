/**
 * Each recurrent technique on the made-up task that shows what it is for, at full length, beside what a net without it
 * reaches (or a guess). Unit tests run the same tasks short.
 */
import { BRANCHES, delayedEncoder, gridEncoder, hierarchicalEncoder, stackedEncoder } from '@almanac/forecasting';
import { alignmentTask, onlineStreams, techniqueTasks as tasks } from '@almanac/forecasting/testing';
import type { Bench, BenchRow } from './bench.js';
import { knownParts } from './knownParts.js';
import { coverageOfTotals } from './totals.js';

interface Technique {
  name: string;
  unit: string;
  peerName: string;
  run: () => Promise<{ ours: number; peer: number }>;
}

const gru = { name: 'e', cell: 'gru', inputs: 2, hidden: 16 } as const;
const lstm = { ...gru, cell: 'lstm' } as const;
const chaos = { draw: tasks.chaoticMap, known: 10, trainHorizon: 8, horizon: 8, steps: 800 };
const slow = { draw: tasks.oscillation, known: 20, trainHorizon: 20, horizon: 100, steps: 800 };

/** How much of a map lies where the answer is not, with all three branches in training. */
function alignment(task: Parameters<typeof alignmentTask>[0]['task'], branch: (typeof BRANCHES)[number], name: string): Technique {
  return {
    name: `attention, ${task}: ${name}`,
    unit: 'share',
    peerName: 'a uniform map',
    run: async () => {
      const { mass, uniform, mae, gate } = await alignmentTask({ task, branches: BRANCHES, steps: 2000 });
      console.log(`  attention, ${task}: MAE ${mae.toFixed(3)}, gate ${JSON.stringify(gate)}`);
      return { ours: 1 - mass[branch]!, peer: 1 - uniform };
    },
  };
}

/** The mean of several streams, each line printed. */
function overSeeds(run: (seed: number) => { online: number; frozen: number }): { ours: number; peer: number } {
  const scores = [1, 2, 3, 4, 5].map(run);
  for (const { online, frozen } of scores) console.log(`    ${online.toFixed(4)} / ${frozen.toFixed(4)} = ${(online / frozen).toFixed(4)}`);
  const mean = (of: 'online' | 'frozen'): number => scores.reduce((sum, score) => sum + score[of] / scores.length, 0);
  return { ours: mean('online'), peer: mean('frozen') };
}

function reversed(kind: onlineStreams.Reversal): Technique {
  return {
    name: `online learning: ${kind} reversed, from the 10th day on, 3 seeds`,
    unit: 'pinball',
    peerName: 'refitted daily on the latest 14 days',
    run: async () => {
      const { DAY, refittedDaily, reversedStream, streamTask } = onlineStreams;
      const task = { known: 30 * DAY, from: 40 * DAY, settings: { seasonLength: DAY } };
      const [ours, peer] = [0, 0].map(() => [] as number[]) as [number[], number[]];
      for (const seed of [1, 2, 3]) {
        const values = reversedStream(seed, kind, { before: 30, after: 25 });
        const { online, frozen } = streamTask(values, task);
        ours.push(online);
        peer.push(refittedDaily(values, { ...task, window: 14 * DAY }));
        console.log(
          `    ${online.toFixed(4)}, frozen ${frozen.toFixed(4)} / ${peer.at(-1)!.toFixed(4)} = ${(online / peer.at(-1)!).toFixed(3)}`,
        );
      }
      const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
      return { ours: mean(ours), peer: mean(peer) };
    },
  };
}

const SUMS = ['a series over the horizon', 'all series at a step', 'all series over the horizon'];
let covered: ReturnType<typeof coverageOfTotals> | undefined;

/** 80 % intervals of sums, where days and series miss together. */
function totals(over: 'overHorizon' | 'overSeries' | 'overBoth', at: number): Technique {
  return {
    name: `totals, sums of ${SUMS[at]!}: inside their 80 % interval`,
    unit: 'share',
    peerName: 'what is promised',
    run: async () => {
      const { totals: of, steps } = await (covered ??= coverageOfTotals(300));
      console.log(`    ${of[over].sums} sums over ${of.windows} windows; of single steps ${steps.toFixed(3)}`);
      return { ours: of[over].coverage['80']!, peer: 0.8 };
    },
  };
}

const cases: Technique[] = [
  {
    name: 'RNN: AR(2), error over noise variance',
    unit: 'MSE',
    peerName: 'the best possible',
    run: async () => ({ ours: (await tasks.autoregression({ steps: 1000 })).mse, peer: 1 }),
  },
  {
    name: 'LSTM: adding problem, T = 200',
    unit: 'MSE',
    peerName: 'tanh RNN',
    run: async () => ({
      ours: (await tasks.addingProblem({ cell: 'lstm', length: 200, steps: 4000 })).mse,
      peer: (await tasks.addingProblem({ cell: 'rnn', length: 200, steps: 4000 })).mse,
    }),
  },
  {
    name: 'sLSTM: parity of 128 bits after training on 12',
    unit: 'wrong',
    peerName: 'guessing',
    run: async () => ({ ours: 1 - (await tasks.parity({ cell: 'slstm', length: 12, steps: 800, testLength: 128 })).accuracy, peer: 0.5 }),
  },
  {
    name: 'bidirectional: gap in a random walk',
    unit: 'MSE',
    peerName: 'one direction',
    run: async () => ({
      ours: (await tasks.imputation({ encoder: stackedEncoder({ ...gru, hidden: 11, bidirectional: true }), steps: 1000 })).mse,
      peer: (await tasks.imputation({ encoder: stackedEncoder(gru), steps: 1000 })).mse,
    }),
  },
  {
    name: 'day × hour grid: x(t) from x(t−24) and x(t−1)',
    unit: 'MSE',
    peerName: 'one dimension, equal size',
    run: async () => ({
      ours: (await tasks.seasonalAutoregression({ encoder: gridEncoder({ ...gru, inputs: 1, seasonLength: 24 }), steps: 1000 })).mse,
      peer: (await tasks.seasonalAutoregression({ encoder: stackedEncoder({ ...gru, inputs: 1, hidden: 22 }), steps: 1000 })).mse,
    }),
  },
  {
    name: 'dilated: x(t) from x(t−24) and x(t−1)',
    unit: 'MSE',
    peerName: 'undilated, equal size',
    run: async () => ({
      ours: (await tasks.seasonalAutoregression({ encoder: stackedEncoder({ ...gru, inputs: 1, dilations: [[23, 1]] }), steps: 1000 })).mse,
      peer: (await tasks.seasonalAutoregression({ encoder: stackedEncoder({ ...gru, inputs: 1, dilations: [[1, 1]] }), steps: 1000 })).mse,
    }),
  },
  {
    name: 'tree: a parent that follows its largest child',
    unit: 'MSE',
    peerName: 'series that know no relatives',
    run: async () => ({
      ours: (await tasks.largestChild({ related: true, steps: 600 })).mse,
      peer: (await tasks.largestChild({ related: false, steps: 600 })).mse,
    }),
  },
  {
    name: 'hierarchical: marker 500 steps back',
    unit: 'wrong',
    peerName: 'flat LSTM',
    run: async () => ({
      ours: 1 - (await tasks.recall({ encoder: hierarchicalEncoder({ ...lstm, every: 24 }), distance: 500, steps: 150 })).accuracy,
      peer: 1 - (await tasks.recall({ encoder: stackedEncoder(lstm), distance: 500, steps: 150 })).accuracy,
    }),
  },
  {
    name: 'scheduled sampling: chaotic map, 8 steps free',
    unit: 'MAE',
    peerName: 'teacher forcing',
    run: async () => ({
      ours: (await tasks.rollOutTask({ ...chaos, method: 'scheduledSampling' })).mae,
      peer: (await tasks.rollOutTask({ ...chaos, method: 'teacherForcing' })).mae,
    }),
  },
  {
    name: 'scheduled sampling, recursive decoder with attention: chaotic map, 8 steps free',
    unit: 'MAE',
    peerName: 'teacher forcing',
    run: async () => ({
      ours: (await tasks.recursiveDecoder({ scheduled: true, steps: 800 })).mae,
      peer: (await tasks.recursiveDecoder({ scheduled: false, steps: 800 })).mae,
    }),
  },
  {
    name: 'vocabulary head: a motif copied, median of the words',
    unit: 'MAE',
    peerName: 'the net before training',
    run: async () => {
      const { mae, untrained, mass } = await alignmentTask({ task: 'copy', branches: ['pointer'], steps: 1000, head: 'vocabulary' });
      console.log(`  vocabulary: pointer mass ${mass.pointer!.toFixed(3)}`);
      return { ours: mae, peer: untrained };
    },
  },
  {
    name: 'delayed shortcut: x(t) from x(t−24) and x(t−1)',
    unit: 'MSE',
    peerName: 'without it, equal size',
    run: async () => ({
      ours: (
        await tasks.seasonalAutoregression({
          encoder: delayedEncoder(stackedEncoder({ ...gru, inputs: 1 }), 'e', [23]),
          steps: 1000,
        })
      ).mse,
      peer: (await tasks.seasonalAutoregression({ encoder: stackedEncoder({ ...gru, inputs: 1, hidden: 18 }), steps: 1000 })).mse,
    }),
  },
  {
    name: 'noise injection: oscillation, 100 steps free',
    unit: 'MAE',
    peerName: 'teacher forcing',
    run: async () => ({
      ours: (await tasks.rollOutTask({ ...slow, method: 'noise' })).mae,
      peer: (await tasks.rollOutTask({ ...slow, method: 'teacherForcing' })).mae,
    }),
  },
  {
    name: 'zoneout: a net too large for its 20 series',
    unit: 'MSE',
    peerName: 'without zoneout',
    run: async () => ({
      ours: (await tasks.overfitting({ zoneout: { h: 0.05, c: 0.15 }, steps: 300 })).validation,
      peer: (await tasks.overfitting({ steps: 300 })).validation,
    }),
  },
  alignment('seasonal', 'temporal', 'the temporal map off the season'),
  alignment('regimes', 'contextual', 'the contextual map off the regime asked for'),
  alignment('breaks', 'contextual', 'the contextual map before the break'),
  alignment('copy', 'pointer', 'the pointer off what followed the motif'),
  {
    name: 'online learning: a stream that drifts',
    unit: 'pinball',
    peerName: 'the same model, frozen',
    run: async () => {
      const { online, frozen } = onlineStreams.streamTask(onlineStreams.driftStream(1), { known: 600 });
      return { ours: online, peer: frozen };
    },
  },
  ...onlineStreams.REVERSALS.map((kind) => reversed(kind)),
  {
    name: 'online learning: streams with outliers, 5 seeds',
    unit: 'pinball',
    peerName: 'the same model, frozen',
    run: async () => overSeeds((seed) => onlineStreams.streamTask(onlineStreams.outlierStream(seed), { known: 600 })),
  },
  {
    name: 'online learning: streams that stay as they were, 5 seeds',
    unit: 'pinball',
    peerName: 'the same model, frozen',
    run: async () => {
      const { DAY, reversedStream, streamTask } = onlineStreams;
      const task = { known: 40 * DAY, settings: { seasonLength: DAY } };
      return overSeeds((seed) => streamTask(reversedStream(seed, 'memory', { before: 70, after: 0 }), task));
    },
  },
  {
    name: 'contributions of a weighted sum: the part that is farthest off',
    unit: 'share of its size',
    peerName: 'what is allowed',
    run: async () => ({ ours: await knownParts('linear', { promoted: false }), peer: 0.05 }),
  },
  {
    name: 'contributions of a network, with a promotion: the part that is farthest off',
    unit: 'share of its size',
    peerName: 'what is allowed',
    run: async () => ({ ours: await knownParts('segment', { promoted: true }), peer: 0.05 }),
  },
  ...(['overHorizon', 'overSeries', 'overBoth'] as const).map((over, at) => totals(over, at)),
];

export const techniques: Bench = {
  name: 'techniques',
  summary: 'each recurrent technique on the task that shows what it is for; with words, only those whose name holds one',
  async run(args) {
    const rows: BenchRow[] = [];
    for (const { name, unit, peerName, run } of cases.filter(
      (technique) => args.length === 0 || args.some((word) => technique.name.includes(word)),
    )) {
      const started = performance.now();
      const { ours, peer } = await run();
      console.log(`  ${name}: ${ours.toPrecision(4)} / ${peer.toPrecision(4)} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
      rows.push({ case: name, ours, peer, peerName, unit, ratio: ours / peer });
    }
    return rows;
  },
};
