/** What a request says about the settings of a model, beside what the one rule derives. Loads no TensorFlow.js. */
export interface Wishes {
  kind: string;
  horizon: number;
  /** Last steps of each series that the rule must not count. */
  holdout: number;
  contextLength?: number | undefined;
  steps?: number | undefined;
  config: Record<string, unknown>;
}

type Derived = { contextLength: number; train: { steps: number } };

export const DEFAULT_MEMBERS = 3;

/** How many members a plan has; 0 for what is no ensemble. */
export function membersOf({ kind, config }: Pick<Wishes, 'kind' | 'config'>): number {
  const { members = DEFAULT_MEMBERS } = config as { members?: unknown[] | number };
  return kind === 'ensemble' ? (typeof members === 'number' ? members : members.length) : 0;
}

export function overridden<T extends Derived>(derived: T, { contextLength, steps, config }: Wishes): T {
  const { train, ...overrides } = config as Partial<T>;
  const segment = 'segmentLength' in derived ? (derived.segmentLength as number) : 1;
  return {
    ...derived,
    // At least so many steps, as segments go.
    ...(contextLength === undefined ? {} : { contextLength: segment * Math.ceil(contextLength / segment) }),
    ...overrides,
    train: { ...derived.train, ...(steps === undefined ? {} : { steps }), ...train },
  };
}
