/** Schedules in words: when they are due, what they do. */
import type { ScheduleAction, ScheduleRequestInput } from '@almanac/contracts';
import cronstrue from 'cronstrue';

/** Least and most of minute, hour, day of the month, month and day of the week. */
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

/**
 * The cron expression as a sentence; undefined where it is not one yet.
 *
 * Two things are said as they are meant, not as they look. A step that does not divide its range starts anew with each range, so that
 * every 40 minutes is minute 0 and minute 40: the values are named. And of two day fields either is enough.
 */
export function sentence(cron: string): string | undefined {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) return undefined;
  try {
    const [minute, hour, day, month, weekday] = fields.map(withoutSteps) as [string, string, string, string, string];
    const say = (...parts: string[]): string => cronstrue.toString(parts.join(' '), { use24HourTimeFormat: true });
    if (any(fields[2]!) || any(fields[4]!)) return say(minute, hour, day, month, weekday);
    const byDay = lowered(say(minute, hour, day, month, '*'));
    const byWeekday = lowered(say(minute, hour, '*', month, weekday)).replace('only on ', 'every ');
    return `On either kind of day: ${byDay}; and ${byWeekday}`;
  } catch {
    return undefined;
  }
}

const any = (field: string): boolean => field === '*' || field === '?';
const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** A field whose steps do not divide its range, as the list of its values. */
function withoutSteps(field: string, index: number): string {
  const [low, high] = RANGES[index]!;
  return field
    .split(',')
    .map((part) => {
      const match = /^(?:\*|(\d+)-(\d+))\/(\d+)$/.exec(part);
      if (!match || Number(match[3]) < 1) return part;
      const [from, to, step] = [Number(match[1] ?? low), Number(match[2] ?? high), Number(match[3])];
      if (match[1] === undefined && (high - low + 1) % step === 0) return part;
      return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step).join(',');
    })
    .join(',');
}

/** What the form offers: the actions, and the usual two in one. */
export type Choice = ScheduleAction['kind'] | 'trainAndForecast';

export const kinds: Record<Choice, { title: string; on: 'model' | 'dataset' | 'source'; about: string }> = {
  forecast: { title: 'Forecast with a model', on: 'model', about: 'Its champion at that time.' },
  train: {
    title: 'Train on a dataset',
    on: 'dataset',
    about: 'The new version becomes champion only if it is better by more than chance.',
  },
  trainAndForecast: {
    title: 'Train on a dataset, then forecast',
    on: 'dataset',
    about: 'The forecast is made by whichever version is champion after the training.',
  },
  monitor: { title: 'Score past forecasts of a model', on: 'model', about: 'Finds drift, and rolls a failing champion back.' },
  learn: {
    title: 'Let an online model learn',
    on: 'model',
    about: 'Its shadow learns from what is new, and becomes champion once it is better.',
  },
  search: {
    title: 'Search settings on a dataset',
    on: 'dataset',
    about: 'The winner is trained, and becomes champion only if it is better by more than chance.',
  },
  backtest: { title: 'Backtest on a dataset', on: 'dataset', about: 'How good would past forecasts have been?' },
  pull: { title: 'Read a source', on: 'source', about: 'What is new there goes into its dataset. Sources are made on the page Datasets.' },
};

/** The action in words. */
export function does(action: ScheduleAction): string {
  switch (action.kind) {
    case 'forecast':
      return `forecast with ${action.request.model}`;
    case 'train':
      return `train on ${action.request.dataset}${action.request.forecast ? ', then forecast' : ''}`;
    case 'backtest':
      return `backtest on ${action.request.dataset}`;
    case 'search':
      return `search for the settings of a model of ${action.request.dataset}`;
    case 'monitor':
      return `score the forecasts of ${action.request.model}`;
    case 'learn':
      return `let ${action.request.model} learn`;
    case 'pull':
      return `read the source ${action.request.source}`;
  }
}

/** The action of a new schedule, with the defaults of its kind. */
export function actionOn(kind: Choice, target: string): ScheduleRequestInput['action'] {
  switch (kind) {
    case 'forecast':
      return { kind, request: { model: target } };
    case 'train':
      return { kind, request: { dataset: target, gate: true } };
    case 'trainAndForecast':
      return { kind: 'train', request: { dataset: target, gate: true, forecast: {} } };
    case 'search':
      return { kind, request: { dataset: target, gate: true } };
    case 'backtest':
      return { kind, request: { dataset: target } };
    case 'monitor':
      return { kind, request: { model: target } };
    case 'learn':
      return { kind, request: { model: target } };
    case 'pull':
      return { kind, request: { source: target } };
  }
}

export const overlaps = {
  queue: 'wait for it, then run',
  skip: 'leave this time out',
  cancel: 'cancel it, and run',
} as const;

export const catchUps = {
  latest: 'make up for the latest',
  none: 'leave them out',
  all: 'make up for all of them',
} as const;
