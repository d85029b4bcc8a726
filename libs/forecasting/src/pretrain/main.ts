/**
 * `npm run pretrain -- --hours N [--folder F] [--seed N] [--engine wasm|tensorflow] [--anneal]`: trains the shipped network on synthetic
 * series, on from where the folder's last run stopped. `npm run pretrain -- --ship [--folder F]` puts its weights into the library;
 * `--pictures` draws those of docs/models.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type EngineName, initEngine } from '@almanac/kernels';
import { hasSharedData } from '../testing/sharedData.js';
import { drawPictures } from './pictures.js';
import { realSets } from './realSets.js';
import { pretrain, STATE_FILE } from './run.js';
import { ship } from './ship.js';
import { decodeState } from './stateFile.js';

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: '.pretrain' },
    engine: { type: 'string', default: 'auto' },
    anneal: { type: 'boolean', default: false },
    ship: { type: 'boolean', default: false },
    pictures: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const seed = Number(values.seed);

if (values.pictures) drawPictures();
else if (values.ship) {
  await initEngine();
  const { manifest, weights } = decodeState(readFileSync(join(values.folder, STATE_FILE)));
  const average = manifest.tensors.find(({ name }) => name === 'average')!;
  const run = manifest.config as { seed: number; step: number };
  const command = `npm run pretrain -- --hours N --seed ${run.seed}`;
  const made = { weights: weights.slice(average.offset, average.offset + average.shape[0]!), seed: run.seed, steps: run.step, command };
  say(ship(made));
} else {
  await pretrain({
    folder: values.folder,
    seed,
    hours: Number(values.hours),
    anneal: values.anneal,
    engine: values.engine as EngineName | 'auto',
    ...(hasSharedData ? { inform: realSets() } : {}),
    say,
  });
}
process.exit(0);
