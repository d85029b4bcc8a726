/** Where the row of a model version and its wire form differ: lineage is read from the run that made it. */
import { type EngineInfo, type ModelChoice, type ModelVersion, partialSteps, type Score, type StandIn } from '@almanac/contracts';
import type { Json, ModelVersionRecord, RunRecord, Store } from '@almanac/store';
import { readRun } from '../runs/kinds.js';
import { holdoutOf } from './learned.js';

interface Measured {
  score?: Score;
  baselines?: Score[];
  baseline?: string;
  wqlRatio?: number | null;
  choice?: ModelChoice;
  dependence?: ModelVersion['dependence'];
  standsIn?: StandIn;
  /** Set for a version that came from an archive. */
  imported?: { digest: string; model: string; version: number };
}

/** Of a model or, for an ensemble, of its members. */
export function covariatesOf(config: Json): Record<'static' | 'past' | 'future', string[]> {
  const { covariates, members } = config as { covariates?: Partial<Record<string, string[]>>; members?: { config: Json }[] };
  const of = (kind: 'static' | 'past' | 'future'): string[] => [
    ...new Set([...(covariates?.[kind] ?? []), ...(members ?? []).flatMap((member) => covariatesOf(member.config)[kind])]),
  ];
  return { static: of('static'), past: of('past'), future: of('future') };
}

export const futureCovariatesOf = (config: Json): string[] => covariatesOf(config).future;

/** What the training of a version left out, as its run says. */
function leftOutBy({ result }: RunRecord): Pick<ModelVersion['lineage'], 'partialSteps'> {
  const { data } = partialSteps.safeParse(result?.['partialSteps']);
  return data && data.count > 0 ? { partialSteps: data } : {};
}

export async function toModelVersion(store: Store, record: ModelVersionRecord): Promise<ModelVersion> {
  const [run, inputs] = await Promise.all([store.runs.get(record.runId), store.runs.inputs(record.runId)]);
  const measured = record.metrics as Measured;
  const engine = run.engine as EngineInfo | null;
  const origin = run.kind === 'import' ? readRun('import', run).config.lineage : undefined;
  const [input] = inputs;
  return {
    model: record.model,
    version: record.no,
    kind: record.kind,
    runId: record.runId,
    aliases: [...record.aliases],
    tags: record.tags,
    horizon: record.horizon,
    settings: record.config,
    futureCovariates: futureCovariatesOf(record.config),
    score: measured.score ?? null,
    baselines: measured.baselines ?? [],
    baseline: measured.baseline ?? null,
    wqlRatio: measured.wqlRatio ?? null,
    choice: measured.choice ?? null,
    standsIn: measured.standsIn ?? null,
    dependence: measured.dependence ?? null,
    lineage: origin
      ? { ...origin, holdout: origin.holdout ?? null, imported: measured.imported }
      : {
          dataset: input?.dataset ?? run.dataset ?? '',
          datasetVersion: input?.version ?? 0,
          uploads: input?.uploads ?? [],
          seed: run.seed ?? 0,
          codeVersion: run.codeVersion ?? '',
          engine: engine === null ? '' : `${engine.name} ${engine.variant}, ${engine.threads} threads`,
          holdout: measured.standsIn?.holdout ?? holdoutOf(run),
          ...leftOutBy(run),
        },
    createdAt: record.createdAt.toISOString(),
  };
}
