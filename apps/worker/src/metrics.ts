/** What a worker counts for Prometheus: runs that ended here, how long they took, rows read, and what it has. */
import { ingestResult } from '@almanac/contracts';
import type { Ledger } from '@almanac/flow/compute';
import type { EndedRun } from '@almanac/flow/runs';
import { Counter, createRegistry, Gauge, Histogram, type Registry } from '@almanac/platform';

const SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400];

export interface WorkerMetrics {
  registry: Registry;
  onRunEnd(run: EndedRun): void;
}

export function workerMetrics(engine: { name: string; variant: string; threads: number }, ledger: Ledger): WorkerMetrics {
  const registry = createRegistry('worker');
  const registers = [registry];
  const ended = new Counter({
    name: 'almanac_runs_ended_total',
    help: 'Runs that ended on this worker.',
    labelNames: ['kind', 'status'],
    registers,
  });
  const took = new Histogram({
    ...{ name: 'almanac_run_duration_seconds', help: 'From the start of a run on this worker to its end.', labelNames: ['kind', 'status'] },
    ...{ buckets: SECONDS, registers },
  });
  const rows = new Counter({ name: 'almanac_ingested_rows_total', help: 'Rows of files that this worker read.', registers });
  new Gauge({
    ...{
      name: 'almanac_engine_info',
      help: 'Always 1; the labels say which engine computes.',
      labelNames: ['engine', 'variant', 'threads'],
      registers,
    },
  }).set({ engine: engine.name, variant: engine.variant, threads: String(engine.threads) }, 1);
  new Gauge({
    ...{ name: 'almanac_reserved_threads', help: 'Computing threads that runs have reserved.', registers },
    collect() {
      this.set(ledger.reserved.threads);
    },
  });
  new Gauge({
    ...{ name: 'almanac_reserved_memory_bytes', help: 'Memory that runs have reserved.', registers },
    collect() {
      this.set(ledger.reserved.memoryBytes);
    },
  });
  return {
    registry,
    onRunEnd({ kind, status, seconds, result }) {
      ended.inc({ kind, status });
      took.observe({ kind, status }, seconds);
      if (kind === 'ingest' && status === 'succeeded') rows.inc(ingestResult.parse(result).findings.rowsRead);
    },
  };
}
