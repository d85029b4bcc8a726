/**
 * Starts and ends the threads of a group. The caller is rank 0; the others run a script that calls `joinReplicas` and then
 * does the same steps. A thread that dies fails the exchange that the others wait in, so a run fails and never hangs.
 */
import { Worker, workerData } from 'node:worker_threads';
import { AlmanacError } from '@almanac/series';
import { allocateGroup, Group, type GroupMemory } from './group.js';

export interface ReplicaOptions {
  /** The program of ranks 1, 2, …; a compiled file. */
  script: URL;
  /** Ranks in all, the caller included. */
  threads: number;
  /** The longest array that `sum` will be given. */
  floats: number;
  /** What the script gets; structured-cloned, shared buffers are shared. */
  data?: unknown;
}

export interface Replicas {
  group: Group;
  /** Ends the other threads and gives their memory back. Safe to call again. */
  end(): Promise<void>;
}

interface ReplicaData {
  almanacReplica: { memory: GroupMemory; rank: number; data: unknown };
}

export function startReplicas({ script, threads, floats, data }: ReplicaOptions): Replicas {
  const memory = allocateGroup(threads, floats);
  const group = new Group(memory, 0);
  let ending = false;
  const workers = Array.from({ length: threads - 1 }, (_, i) => {
    const rank = i + 1;
    const payload: ReplicaData = { almanacReplica: { memory, rank, data } };
    const worker = new Worker(script, { workerData: payload, stderr: false });
    const died = (why: string, cause?: unknown): void => {
      if (ending) return;
      group.fail(
        new AlmanacError('REPLICA_DIED', `training thread ${rank + 1} of ${threads} died: ${why}`, {
          hint: 'If memory ran out, use fewer threads or a smaller batch; a checkpointed run can be resumed.',
          subject: { rank },
          status: 500,
          cause,
        }),
      );
    };
    worker.on('error', (error: Error) => died(error.message, error));
    worker.on('exit', (code) => died(`it ended with code ${code}`));
    return worker;
  });
  return {
    group,
    end: async () => {
      ending = true;
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** In a thread started by `startReplicas`: its group and data. */
export function joinReplicas<Data>(): { group: Group; data: Data } {
  const { memory, rank, data } = (workerData as ReplicaData).almanacReplica;
  return { group: new Group(memory, rank), data: data as Data };
}
