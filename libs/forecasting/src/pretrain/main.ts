/**
 * `npm run pretrain -- --hours N`: trains the shipped network on synthetic series, on from where the folder's last run stopped.
 */
import { parseArgs } from 'node:util';
import { hasSharedData } from '../testing/sharedData.js';
import { pretrain } from './run.js';

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: '.pretrain' },
    engine: { type: 'string', default: 'auto' },
    anneal: { type: 'boolean', default: false },
  },
});

const inform = hasSharedData ? (await import('./realSets.js')).realSets() : undefined;
await pretrain({
  folder: values.folder,
  seed: Number(values.seed),
  hours: Number(values.hours),
  anneal: values.anneal,
  engine: values.engine as 'auto',
  ...(inform ? { inform } : {}),
  say: (line) => process.stdout.write(`${line}\n`),
});
process.exit(0);
