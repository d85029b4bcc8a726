/** A worker that only delivers webhooks, in a process of its own, so that a test can kill it in the middle of an attempt. */
import { carryDeliveries, executeDelivery } from '@almanac/flow/notify/execute';
import { JOBS } from '@almanac/flow/runs';
import { openQueue, silentLogger } from '@almanac/platform';
import { openStore } from '@almanac/store';

const { config, leaseMs } = JSON.parse(process.argv[2]);
const store = await openStore({ databaseUrl: config.databaseUrl });
const queue = await openQueue(config, JOBS, silentLogger, 10);
const flow = { store, queue, now: () => new Date(), logger: silentLogger };
const options = { networks: ['127.0.0.0/8'], firstPauseMs: 0, timeoutMs: leaseMs / 2, leaseMs };
await queue.work(
  JOBS.map(({ name }) => ({ name, handle: (payload, { signal }) => executeDelivery(flow, payload, options, signal) })),
  { deliver: 2 },
);
setInterval(() => void carryDeliveries(flow, options).catch(() => undefined), 50);
process.send({ ready: true });
