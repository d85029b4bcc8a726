/** The settings of a model: what the one rule derives from the history, with what a request overrides. */
import {
  covariatesOf,
  defaultConfig,
  defaultEnsemble,
  defaultLinearConfig,
  defaultRecurrentConfig,
  minimumLength,
  type Panel,
  type PanelFacts,
  type RecurrentConfig,
  type SegmentConfig,
} from '@almanac/forecasting';
import { DEFAULT_MEMBERS, overridden, type Wishes } from './wishes.js';

type Member = { kind: string; config: Record<string, unknown>; weight?: number };

export function settings(panel: Panel, wishes: Wishes): Record<string, unknown> {
  const { kind, horizon, holdout, contextLength, config } = wishes;
  const { frequency, seasonLengths } = panel;
  const lengths = panel.series.map(({ values }) => Math.max(0, values.length - holdout));
  const facts: PanelFacts = {
    frequency,
    seasonLengths,
    horizon,
    lengths,
    count: panel.series.length,
    covariates: covariatesOf(panel.series),
  };
  if (kind === 'segment') return overridden(defaultConfig(facts), wishes);
  if (kind === 'recurrent') return overridden(defaultRecurrentConfig(facts), wishes);
  if (kind === 'coldStart') {
    const { member = { kind: 'segment', config: {} }, ...own } = config as { member?: Member };
    const inner = settings(panel, { ...wishes, kind: member.kind, config: member.config });
    const { covariates } = facts;
    return { horizon, seasonLengths: [...seasonLengths], covariates, ...own, member: { kind: member.kind, config: inner } };
  }
  if (kind === 'online') return { horizon, seasonLength: seasonLengths[0] ?? 1, ...config };
  if (kind === 'linear') return { ...defaultLinearConfig(facts), ...(contextLength === undefined ? {} : { contextLength }), ...config };
  if (kind !== 'ensemble') return config;
  const { members, ...asked } = config as { members?: Member[] | number; combine?: string; stacking?: object };
  const derived = defaultEnsemble(facts, typeof members === 'number' ? members : DEFAULT_MEMBERS);
  const listed: Member[] = Array.isArray(members)
    ? members
    : derived.members.map((member) =>
        member.kind === 'segment'
          ? {
              kind: 'segment',
              config: { ...member.config, train: { ...member.config.train, steps: wishes.steps ?? member.config.train.steps } },
            }
          : member,
      );
  const combine = asked.combine ?? (Array.isArray(members) ? 'median' : derived.combine);
  const stacking = combine === 'stacked' ? (asked.stacking ?? derived.stacking) : undefined;
  return {
    combine,
    ...(stacking ? { stacking } : {}),
    members: listed.map((member) => ({ ...member, config: settings(panel, { ...wishes, ...member }) })),
  };
}

/** Observations a series must have to be trained on. */
export function needed(kind: string, config: Record<string, unknown>): number {
  if (kind === 'segment') return minimumLength(config as SegmentConfig);
  if (kind === 'recurrent') return 2 * (config as RecurrentConfig).horizon;
  if (kind === 'coldStart') return needed((config as { member: Member }).member.kind, (config as { member: Member }).member.config);
  if (kind === 'ensemble')
    return Math.max(...(config as { members: Member[] }).members.map((member) => needed(member.kind, member.config)));
  if (kind === 'linear') return (config as { horizon: number }).horizon + 1;
  if (kind === 'online') return (config as { seasonLength: number }).seasonLength + 2 * (config as { horizon: number }).horizon;
  return 2;
}
