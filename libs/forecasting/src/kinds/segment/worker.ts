/** The thread of a rank above 0: does its part of every step, until the run ends it. */
import { initEngine, joinReplicas } from '@almanac/kernels';
import { Rank, type RankSetup } from './rank.js';

const { group, data } = joinReplicas<RankSetup>();
await initEngine();
const rank = new Rank(data, group);
for (let step = data.firstStep; step < data.config.train.steps; step++) await rank.step(step);
