/** Schedules in words: when they are due, what they do. */
import type { ScheduleAction, ScheduleRequestInput } from '@almanac/contracts';
import cronstrue from 'cronstrue';

/** The cron expression as a sentence; undefined where it is not one yet. */
export function sentence(cron: string): string | undefined {
  try {
    return cron.trim().split(/\s+/).length === 5 ? cronstrue.toString(cron, { use24HourTimeFormat: true }) : undefined;
  } catch {
    return undefined;
  }
}

/** What the form offers: the actions, and the usual two in one. */
export type Choice = ScheduleAction['kind'] | 'trainAndForecast';

export const kinds: Record<Choice, { title: string; on: 'model' | 'dataset'; about: string }> = {
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
  backtest: { title: 'Backtest on a dataset', on: 'dataset', about: 'How good would past forecasts have been?' },
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
    case 'monitor':
      return `score the forecasts of ${action.request.model}`;
    case 'learn':
      return `let ${action.request.model} learn`;
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
    case 'backtest':
      return { kind, request: { dataset: target } };
    case 'monitor':
      return { kind, request: { model: target } };
    case 'learn':
      return { kind, request: { model: target } };
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
