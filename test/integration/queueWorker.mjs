/** A worker in a process of its own, so that a test can kill it: it says which job it holds, and never ends it. */
import { openQueue, silentLogger } from '@almanac/platform';

const { config, jobs, heartbeatSeconds } = JSON.parse(process.argv[2]);
const queue = await openQueue(config, jobs, silentLogger, heartbeatSeconds);
const hold = (payload) => {
  process.send({ holds: payload.text });
  return new Promise(() => undefined);
};
await queue.work(
  jobs.map((job) => ({ name: job.name, handle: hold })),
  Object.fromEntries(jobs.map((job) => [job.name, 1])),
);
process.send({ ready: true });
