/** What a bench is: ours and a peer measured in one run, ratios first. */
export interface BenchRow {
  case: string;
  ours: number;
  peer: number;
  peerName: string;
  unit: string;
  /** ours / peer; smaller is better. */
  ratio: number;
}

export interface Bench {
  name: string;
  summary: string;
  run(args: string[], options: { dataDir?: string }): Promise<BenchRow[]>;
}
