/**
 * A workspace at a glance. Every part is bounded, so that a large one costs no more: of models those are shown that need somebody, and
 * how many there are beside them is said.
 */
import { alert, liveScore, type Overview, type OverviewModel, type RunStatus, score } from '@almanac/contracts';
import { SEASONAL_NAIVE } from '@almanac/forecasting/plan';
import { type GlanceModel, type GlanceMonitored, LIVE, type RunRecord, type Store, TRAINED } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';

const SHOWN = 8;
/** Newest runs, of which those are left out that only tried a file. */
const LOOKED_AT = 50;
const MODELS = 12;
/** Of more models than these the first by name are looked at. */
const MOST_MODELS = 1000;
const WORST = 3;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const MONITORED_WITHIN_MS = 30 * DAY_MS;
/** Schedules are looked at every few seconds. */
const LATE_MS = 2 * 60_000;

const NO_RUNS: Record<RunStatus, number> = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };

type Unseen = Omit<NonNullable<OverviewModel['quality']>, 'worst'>;

export async function getOverview({ store, now }: Pick<FlowContext, 'store' | 'now'>): Promise<Overview> {
  const at = now().getTime();
  const [totals, due, week, ran, models, monitored] = await Promise.all([
    store.glances.totals(),
    store.glances.due(SHOWN),
    store.glances.runsSince(new Date(at - WEEK_MS)),
    store.runs.list({ limit: LOOKED_AT }),
    store.glances.models(MOST_MODELS),
    store.glances.monitored(new Date(at - MONITORED_WITHIN_MS)),
  ]);
  const seen = new Map(monitored.map((one) => [one.model, one]));
  const first = models
    .map((model) => ({ model, ...lookedAt(seen.get(model.model)), quality: qualityOf(model, seen.get(model.model)) }))
    .sort((a, b) => b.alerts.length - a.alerts.length || ratioOf(b.quality) - ratioOf(a.quality))
    .slice(0, MODELS);
  return {
    totals,
    due: due.map(({ schedule, action, dueAt }) => ({ schedule, action, dueAt: dueAt.toISOString(), late: dueAt.getTime() < at - LATE_MS })),
    week: { ...NO_RUNS, ...Object.fromEntries(week.map(({ status, runs }) => [status, runs])) },
    ran: ran.items
      .filter(storesSomething)
      .slice(0, SHOWN)
      .map(({ id, kind, status, dataset, model, error, createdAt, finishedAt }) => ({
        id,
        kind,
        status,
        dataset: dataset ?? null,
        model: model ?? null,
        error: typeof error?.['detail'] === 'string' ? error['detail'] : null,
        createdAt: createdAt.toISOString(),
        finishedAt: finishedAt?.toISOString() ?? null,
      })),
    models: await Promise.all(
      first.map(async ({ model: { model, dataset, version }, quality, alerts, monitoredAt }) => ({
        model,
        dataset,
        version,
        quality: quality && { ...quality, worst: await worstOf(store, quality) },
        alerts,
        monitoredAt,
      })),
    ),
    moreModels: Math.max(0, totals.models - first.length),
  };
}

const storesSomething = ({ kind, config }: RunRecord): boolean =>
  kind !== 'ingest' || (config['options'] as { dryRun?: boolean } | undefined)?.dryRun !== true;

const worstOf = async (store: Store, { basis, runId }: Unseen) =>
  (await store.runs.seriesScores(runId, { label: basis === 'live' ? LIVE : TRAINED, limit: WORST })).items;

function lookedAt(monitored: GlanceMonitored | undefined): Pick<OverviewModel, 'alerts' | 'monitoredAt'> {
  return {
    alerts: (monitored?.alerts ?? []).flatMap((one) => alert.safeParse(one).data ?? []),
    monitoredAt: monitored?.at.toISOString() ?? null,
  };
}

/** What came since counts for more than what training held out; the forecast may be of the version before. */
function qualityOf(model: GlanceModel, monitored: GlanceMonitored | undefined): Unseen | null {
  const live = liveScore.safeParse(monitored?.scored).data;
  if (live) {
    const { runId, wql, naiveWql, coverage80 } = live;
    return { basis: 'live', runId, wql, naiveWql, coverage80 };
  }
  const held = score.safeParse(model.score).data;
  if (!held) return null;
  const naive = (model.baselines ?? [])
    .flatMap((one) => score.safeParse(one).data ?? [])
    .filter(({ kind }) => kind === SEASONAL_NAIVE)
    .flatMap(({ metrics }) => metrics['wql'] ?? []);
  return {
    basis: 'holdout',
    runId: model.runId,
    wql: held.metrics['wql'] ?? null,
    naiveWql: naive.length > 0 ? Math.min(...naive) : null,
    coverage80: held.metrics['coverage80'] ?? null,
  };
}

/** Beside seasonal naive; what cannot be compared comes last. */
function ratioOf(quality: Unseen | null): number {
  const { wql, naiveWql } = quality ?? { wql: null, naiveWql: null };
  return wql === null || naiveWql === null || naiveWql === 0 ? -1 : wql / naiveWql;
}
