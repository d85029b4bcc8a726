/**
 * What the Python SDK `nixtla` asks for. Its requests are predictions like those of `POST /v1/forecast`; a job is the runs that it is made
 * of, by their ids, so that nothing about it is kept.
 */
import { Controller, Res } from '@nestjs/common';
import {
  isFinished,
  type NixtlaAnomalies,
  type NixtlaCrossValidation,
  type NixtlaForecast,
  type NixtlaJobState,
  type Prediction,
  type Run,
} from '@almanac/contracts';
import {
  anomaliesOf,
  crossValidationOf,
  forecastOf,
  modelNames,
  modelParams,
  requestAnomalies,
  requestCrossValidation,
  requestForecast,
} from '@almanac/flow/nixtla';
import { forgetPrediction, readPrediction } from '@almanac/flow/predict';
import { getRun } from '@almanac/flow/query';
import { cancelRun, type FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import type { FastifyReply } from 'fastify';
import { By, type Caller, Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';
import { RunFeed } from '../http/runFeed.js';
import { waited } from '../http/waited.js';

/** The SDK hangs up after 60 seconds unless another timeout is set. */
const WAIT_MS = 55_000;

type Job<T> = NixtlaJobState & { result: T | null };

@Controller()
export class NixtlaController {
  constructor(private readonly feed: RunFeed) {}

  @Route('nixtlaValidateKey')
  validate(@By() { kind, name }: Caller): { detail: string } {
    return { detail: `The ${kind === 'key' ? 'API key' : 'account'} "${name}" is valid.` };
  }

  @Route('nixtlaModels')
  async models(@Flow() flow: FlowContext): Promise<{ models: { name: string }[] }> {
    return { models: (await modelNames(flow)).map((name) => ({ name })) };
  }

  @Route('nixtlaModelParams')
  params(@Input() _: Parse<'nixtlaModelParams'>): { detail: typeof modelParams } {
    return { detail: modelParams };
  }

  @Route('nixtlaForecast')
  async forecast(
    @Input() { body }: Parse<'nixtlaForecast'>,
    @Flow() flow: FlowContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NixtlaForecast> {
    return forecastOf(await this.answers(flow, await requestForecast(flow, body), reply));
  }

  @Route('nixtlaCrossValidation')
  async crossValidation(
    @Input() { body }: Parse<'nixtlaCrossValidation'>,
    @Flow() flow: FlowContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NixtlaCrossValidation> {
    return crossValidationOf(await this.answers(flow, await requestCrossValidation(flow, body), reply));
  }

  @Route('nixtlaAnomalies')
  async anomalies(
    @Input() { body }: Parse<'nixtlaAnomalies'>,
    @Flow() flow: FlowContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NixtlaAnomalies> {
    return anomaliesOf(await this.answers(flow, await requestAnomalies(flow, body), reply), body.series.y, body.level ?? 99);
  }

  @Route('nixtlaForecastAsync')
  async submitForecast(@Input() { body }: Parse<'nixtlaForecastAsync'>, @Flow() flow: FlowContext): Promise<{ job_id: string }> {
    return jobOf(await requestForecast(flow, body));
  }

  @Route('nixtlaCrossValidationAsync')
  async submitCrossValidation(
    @Input() { body }: Parse<'nixtlaCrossValidationAsync'>,
    @Flow() flow: FlowContext,
  ): Promise<{ job_id: string }> {
    return jobOf(await requestCrossValidation(flow, body));
  }

  @Route('nixtlaForecastJob')
  forecastJob(@Input() { params }: Parse<'nixtlaForecastJob'>, @Flow() flow: FlowContext): Promise<Job<NixtlaForecast>> {
    return stateOf(flow, params.jobId, forecastOf);
  }

  @Route('nixtlaCrossValidationJob')
  crossValidationJob(
    @Input() { params }: Parse<'nixtlaCrossValidationJob'>,
    @Flow() flow: FlowContext,
  ): Promise<Job<NixtlaCrossValidation>> {
    return stateOf(flow, params.jobId, crossValidationOf);
  }

  @Route('nixtlaCancelJob')
  async cancel(@Input() { params }: Parse<'nixtlaCancelJob'>, @Flow() flow: FlowContext): Promise<{ job_id: string }> {
    for (const { id, status } of await runsOf(flow, params.jobId)) if (!isFinished(status)) await cancelRun(flow, id);
    return { job_id: params.jobId };
  }

  /** @throws AlmanacError FORECAST_SLOW and what the runs failed with */
  private async answers(flow: FlowContext, runs: readonly Run[], reply: FastifyReply): Promise<Prediction[]> {
    const until = performance.now() + WAIT_MS;
    const ended: Run[] = [];
    for (const run of runs) ended.push(await waited(this.feed, flow, run, until, reply));
    const open = ended.filter(({ status }) => !isFinished(status));
    for (const { id } of open) await cancelRun(flow, id);
    if (open.length > 0)
      // Of a status that the SDK does not repeat: it would ask for the same work six times.
      throw new AlmanacError('FORECAST_SLOW', `The forecast was not ready within ${WAIT_MS / 1000} seconds, and was cancelled.`, {
        hint: 'Ask for it as a job (client.jobs.forecast, client.jobs.cross_validation), or for less at once (num_partitions).',
        status: 422,
      });
    const answers: Prediction[] = [];
    for (const { id } of ended) {
      answers.push((await readPrediction(flow, id)) as Prediction);
      await forgetPrediction(flow, id);
    }
    return answers;
  }
}

const jobOf = (runs: readonly Run[]): { job_id: string } => ({ job_id: runs.map(({ id }) => id).join('.') });

/** @throws AlmanacError JOB_NOT_FOUND, RUN_NOT_FOUND */
async function runsOf(flow: FlowContext, jobId: string): Promise<Run[]> {
  const runs: Run[] = [];
  for (const id of jobId.split('.')) runs.push(await getRun(flow, id));
  if (runs.every(({ kind }) => kind === 'predict')) return runs;
  throw new AlmanacError('JOB_NOT_FOUND', 'This is no job of the nixtla SDK.', { hint: 'almanac runs lists all runs.', status: 404 });
}

async function stateOf<T>(flow: FlowContext, jobId: string, answer: (predictions: readonly Prediction[]) => T): Promise<Job<T>> {
  const runs = await runsOf(flow, jobId);
  const ended = (status: Run['status']): Run | undefined => runs.find((run) => run.status === status);
  const failed = ended('failed');
  if (failed) return { status: 'failed', error: whyOf(failed), result: null };
  if (ended('cancelled')) return { status: 'cancelled', error: null, result: null };
  if (!runs.every(({ status }) => isFinished(status)))
    return { status: runs.every(({ status }) => status === 'queued') ? 'pending' : 'running', error: null, result: null };
  const predictions: Prediction[] = [];
  for (const { id } of runs) predictions.push((await readPrediction(flow, id)) as Prediction);
  return { status: 'succeeded', error: null, result: answer(predictions) };
}

const whyOf = ({ error }: Run): string => [error?.code, error?.detail, error?.hint].filter((one) => one !== undefined).join(': ');
