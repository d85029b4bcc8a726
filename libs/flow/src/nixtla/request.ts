/**
 * Requests of the SDK, asked as `POST /v1/forecast` is: the same reader of times, rules and limits. What Almanac does not do is refused by
 * name; nothing is left out silently, since the SDK shows errors and no notes.
 */
import {
  type NixtlaAnomalyRequest,
  type NixtlaCrossValidationRequest,
  type NixtlaForecastRequest,
  PREDICTION_LIMITS,
  predictionRequest,
  type Run,
} from '@almanac/contracts';
import { AlmanacError, readFrequency } from '@almanac/series';
import { modelOf as registered } from '../predict/request.js';
import { requestPrediction } from '../predict/index.js';
import { covariatesOf } from '../register/wire.js';
import type { FlowContext } from '../runs/context.js';
import { AUTO, forHistory, modelOf } from './models.js';
import { asInline, historyWindows, lastWindows, missingBefore, nameOf, type SentSeries, seriesOf, type Window } from './series.js';

/** `auto` weighs its members over the panel, so each window is a prediction of its own. */
const MOST_WINDOWS = 24;
/** Values of all windows of a request: a history is forecast from all that lies before each step. */
const MOST_SHOWN = 4_000_000;

type Asked = NixtlaForecastRequest | NixtlaCrossValidationRequest | NixtlaAnomalyRequest;

/** @throws AlmanacError OPTION_UNSUPPORTED, COVARIATES_UNREAD, SERIES_SHAPE and what `requestPrediction` refuses */
export async function requestForecast(context: FlowContext, asked: NixtlaForecastRequest): Promise<Run[]> {
  refuseUnsupported(asked);
  const model = modelOf(asked.model);
  const names = await covariateNames(context, asked, model);
  const series = seriesOf(asked.series, asked.h);
  const windows = series.map((one) => ({ series: one, from: one.y.length, take: asked.h }));
  return [await predictWindows(context, windows, { asked, model, levels: asked.level ?? [], names })];
}

/** @throws AlmanacError MODEL_HAS_SEEN, SERIES_TOO_SHORT and what `requestForecast` refuses */
export async function requestCrossValidation(context: FlowContext, asked: NixtlaCrossValidationRequest): Promise<Run[]> {
  refuseUnsupported(asked);
  const series = seriesOf(asked.series, asked.h);
  if (asked.full_history === true) return historyOf(context, asked, series, asked.level ?? []);
  const model = await unseen(context, modelOf(asked.model));
  await covariateNames(context, asked, model);
  const windows = lastWindows(series, asked.h, asked.n_windows, asked.step_size);
  if (windows.length > MOST_WINDOWS && model === AUTO)
    throw new AlmanacError('PREDICTION_TOO_LARGE', `${windows.length} windows were asked for; ${AUTO} forecasts ${MOST_WINDOWS} at most.`, {
      hint: 'Ask for fewer, or name model="pretrained", which forecasts any number of them.',
      subject: { windows: windows.length },
      status: 413,
    });
  const together = model === AUTO ? windows : portions(windows.flat());
  return predictAll(context, together, { asked, model, levels: asked.level ?? [], names: undefined });
}

/** @throws AlmanacError as `requestCrossValidation` does */
export function requestAnomalies(context: FlowContext, asked: NixtlaAnomalyRequest): Promise<Run[]> {
  refuseUnsupported(asked);
  return historyOf(context, asked, seriesOf(asked.series, 0), [asked.level ?? 99]);
}

async function historyOf(context: FlowContext, asked: Asked, series: SentSeries[], levels: number[]): Promise<Run[]> {
  const model = await unseen(context, forHistory(modelOf(asked.model)));
  await covariateNames(context, asked, model);
  const season = readFrequency(frequencyOf(asked.freq), []).seasonLengths()[0] ?? 1;
  return predictAll(context, portions(historyWindows(series, season)), { asked, model, levels, names: undefined });
}

/** As many as one prediction may have. @throws AlmanacError PREDICTION_TOO_LARGE */
function portions(windows: readonly Window[]): Window[][] {
  const all: Window[][] = [];
  let [shown, total] = [0, 0];
  for (const window of windows) {
    total += window.from;
    const last = all.at(-1);
    if (last && last.length < PREDICTION_LIMITS.series && shown + window.from <= PREDICTION_LIMITS.observations) {
      last.push(window);
      shown += window.from;
    } else {
      all.push([window]);
      shown = window.from;
    }
  }
  if (total <= MOST_SHOWN && all.length <= MOST_WINDOWS) return all;
  throw new AlmanacError(
    'PREDICTION_TOO_LARGE',
    `The ${windows.length} windows would be shown ${total} values; ${MOST_SHOWN} are the most.`,
    {
      hint: 'Send fewer series at once (num_partitions), or a shorter history.',
      subject: { windows: windows.length, values: total },
      status: 413,
    },
  );
}

interface How {
  asked: Asked;
  model: string;
  levels: readonly number[];
  /** Of the rows of `X`, where the model reads them. */
  names: readonly string[] | undefined;
}

async function predictAll(context: FlowContext, portioned: readonly Window[][], how: How): Promise<Run[]> {
  const runs: Run[] = [];
  for (const windows of portioned) runs.push(await predictWindows(context, windows, how));
  return runs;
}

function predictWindows(context: FlowContext, windows: readonly Window[], how: How): Promise<Run> {
  const { asked, model, levels, names } = how;
  // All steps ahead are asked of all; what a series does not need of them is left out of the answer.
  const horizon = Math.max(...windows.map((window) => window.take + missingBefore(window)));
  const series = windows.map((window) => (names ? { ...asInline(window), ...covariatesAt(window, asked, names) } : asInline(window)));
  const { frequency, seasonLength } = gridOf(asked.freq, windows[0]!.series.start !== undefined);
  const wanted = [...new Set(levels)].filter((level) => level > 0);
  const request = { series, model, horizon, level: wanted, frequency, ...(seasonLength ? { seasonLength } : {}), wait: 0 };
  return requestPrediction(context, predictionRequest.parse(request));
}

/** Without times the steps are whole numbers, and the seasons those of the frequency. */
function gridOf(freq: string, timed: boolean): { frequency: string; seasonLength?: number[] } {
  const frequency = frequencyOf(freq);
  if (timed) return { frequency };
  const seasons = readFrequency(frequency, [])
    .seasonLengths()
    .filter((steps) => steps > 1);
  return { frequency: '1', ...(seasons.length > 0 ? { seasonLength: seasons.slice(0, 3) } : {}) };
}

const POLARS: Readonly<Record<string, string>> = { m: 'min', w: 'W', q: 'QS', y: 'YS' };
/** Words of polars; those of pandas are ours. The SDK has made `MS` of the months of polars. */
const frequencyOf = (freq: string): string =>
  freq.replace(/^(\d+)(m|w|q|y)$/, (_, count: string, unit: string) => `${count === '1' ? '' : count}${POLARS[unit]!}`);

/** @throws AlmanacError MODEL_HAS_SEEN */
async function unseen(context: FlowContext, model: string): Promise<string> {
  const named = await registered(context, model);
  if (named === undefined) return model;
  throw new AlmanacError('MODEL_HAS_SEEN', `The model ${named.version.model} was trained on steps that lie in these windows.`, {
    hint: 'Name a kind that needs no training (auto, pretrained, theta), or run a backtest, which trains anew for each window: almanac backtest.',
    subject: { model: named.version.model },
  });
}

/**
 * Names of the rows of `X`; undefined where there are none.
 * @throws AlmanacError COVARIATES_UNREAD, COVARIATES_UNNAMED, COVARIATE_UNKNOWN
 */
async function covariateNames(
  context: FlowContext,
  { series, model_parameters: given }: Asked,
  model: string,
): Promise<string[] | undefined> {
  const { X, X_future: ahead, categorical_exog: categories } = series;
  const named = await registered(context, model);
  const names = given?.covariates;
  if (!X || X.length === 0) {
    if (names === undefined) return undefined;
    throw new AlmanacError('COVARIATES_UNNAMED', 'model_parameters names covariates, and none are sent.', {
      hint: 'Send them as columns of df, and declare them with X_df or hist_exog_list.',
    });
  }
  const reads = covariatesOf(named?.version.config ?? {});
  if (named === undefined || reads.past.length + reads.future.length === 0)
    throw new AlmanacError(
      'COVARIATES_UNREAD',
      `${model} reads no covariates, and ${X.length} are sent (X_df, hist_exog_list or date_features).`,
      {
        hint: 'Leave them out (the calendar is read from freq and the times), or train a model on a dataset with these covariates and name it: model="models:/NAME@champion".',
        subject: { model, covariates: X.length },
      },
    );
  if (categories && categories.length > 0) throw unsupported('categorical_exog_list', 'Write numbers, e.g. 1 and 0 for yes and no.');
  if (names?.length !== X.length)
    throw new AlmanacError('COVARIATES_UNNAMED', `${X.length} covariates are sent without their names, which the SDK keeps to itself.`, {
      hint: 'Add model_parameters={"covariates": ["promo", "price"]}: the columns of X_df in their order, then hist_exog_list.',
      subject: { model, reads: [...reads.future, ...reads.past] },
    });
  const known = ahead?.length ?? 0;
  names.forEach((name, i) => {
    const [of, where] = i < known ? [reads.future, 'X_df'] : [reads.past, 'hist_exog_list'];
    if (!of.includes(name))
      throw new AlmanacError('COVARIATE_UNKNOWN', `The model ${named.version.model} reads no covariate "${name}" from ${where}.`, {
        hint: `From X_df it reads ${reads.future.join(', ') || 'none'}, from hist_exog_list ${reads.past.join(', ') || 'none'}.`,
        subject: { covariate: name },
      });
  });
  return names;
}

/** @throws AlmanacError SERIES_SHAPE */
function covariatesAt(window: Window, { series }: Asked, names: readonly string[]): object {
  const { series: one, take } = window;
  if (missingBefore(window) > 0)
    throw new AlmanacError('SERIES_SHAPE', `${nameOf(one)} ends without a value, which does not go with covariates.`, {
      hint: 'End it at its last value. Series are counted by the order of their ids.',
      subject: { series: one.no },
    });
  const rows = series.X as (number | null)[][];
  const ahead = (series.X_future ?? []) as (number | null)[][];
  const past = (row: (number | null)[]): (number | null)[] => row.slice(one.row, one.row + one.y.length);
  const all = rows.map((row, i): [string, (number | null)[]] => [
    names[i]!,
    i < ahead.length ? [...past(row), ...ahead[i]!.slice((one.no - 1) * take, one.no * take)] : past(row),
  ]);
  return {
    futureCovariates: Object.fromEntries(all.slice(0, ahead.length)),
    pastCovariates: Object.fromEntries(all.slice(ahead.length)),
  };
}

/** @throws AlmanacError OPTION_UNSUPPORTED */
function refuseUnsupported(asked: Asked): void {
  if ((asked.finetune_steps ?? 0) > 0) throw unsupported('finetune_steps', 'Upload the series and train a model: almanac train.');
  if (asked.finetuned_model_id) throw unsupported('finetuned_model_id', 'Name a trained model: model="models:/NAME@champion".');
  if (asked.feature_contributions) throw unsupported('feature_contributions', 'Leave it out; a what-if shows what a covariate does.');
  if (asked.multivariate) throw unsupported('multivariate', 'Leave it out: each series is forecast on its own.');
}

const unsupported = (option: string, hint: string): AlmanacError =>
  new AlmanacError('OPTION_UNSUPPORTED', `Almanac does not take ${option} from the nixtla SDK.`, { hint, subject: { option } });
