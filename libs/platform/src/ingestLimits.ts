/** What a file may take while it is read, and how far it may take a dataset. */
export interface IngestLimits {
  /** Steps of all series of a dataset; 16 GB at 8 bytes each. */
  readonly steps: number;
  /** Steps, with and without a value, for each row. */
  readonly stepsPerRow: number;
  /** Memory of the whole reader process; DuckDB takes half of it and goes to disk then. */
  readonly memoryMb: number;
  /** Disk for what does not fit into memory, and for what a compressed file unfolds into. */
  readonly scratchMb: number;
  readonly seconds: number;
  readonly columns: number;
  /** What a compressed file may unfold into, in times its size. Small ones are always allowed 64 MB. */
  readonly unfoldedTimes: number;
  readonly threads: number;
}

export const DEFAULT_INGEST_LIMITS: IngestLimits = Object.freeze({
  steps: 2_000_000_000,
  stepsPerRow: 1000,
  memoryMb: 4096,
  scratchMb: 20_480,
  seconds: 3600,
  columns: 20_000,
  unfoldedTimes: 200,
  threads: 2,
});
