/**
 * `npm run chaos -- NAME [--times N] [--seed N]`, for `faults` with the names of some if not all: kills processes at random moments
 * and checks that nothing is lost or half done.
 */
import { parseArgs } from 'node:util';
import { faults } from './faults.js';
import { ingest } from './ingest.js';
import { jobs } from './jobs.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const [name, ...rest] = positionals;
const scenarios: Record<string, (times: number, seed: number, rest: readonly string[]) => Promise<boolean>> = { faults, ingest, jobs };
if (name === undefined || !(name in scenarios)) {
  console.error('Usage: npm run chaos -- faults|ingest|jobs [--times N] [--seed N]');
  process.exit(2);
}
// Ending by way of `exit` lets what was started be stopped.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exit((await scenarios[name]!(Number(values.times), Number(values.seed), rest)) ? 0 : 1);
