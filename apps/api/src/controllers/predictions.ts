/** Predictions: asked for, waited for, answered, forgotten. Who cannot wait so long gets the run to follow. */
import { Controller, Req, Res } from '@nestjs/common';
import {
  type ContributionsAnswer,
  filePredictionRequest,
  type FirstLook,
  isFinished,
  type Prediction,
  type Run,
  type WhatIf,
} from '@almanac/contracts';
import {
  forgetPrediction,
  readPrediction,
  requestExplanation,
  requestFilePrediction,
  requestFirstLook,
  requestPrediction,
  requestWhatIf,
} from '@almanac/flow/predict';
import type { FlowContext } from '@almanac/flow/runs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Flow } from '../http/caller.js';
import { asRefusal, fromMultipart } from '../http/multipart.js';
import { Input, type Parse, Route } from '../http/route.js';
import { RunFeed } from '../http/runFeed.js';
import { refuseText } from '../http/text.js';
import { waited } from '../http/waited.js';

type Answer = Prediction | WhatIf | FirstLook | ContributionsAnswer;

@Controller()
export class PredictionsController {
  constructor(private readonly feed: RunFeed) {}

  @Route('predict')
  async predict(
    @Input() { body }: Parse<'predict'>,
    @Flow() flow: FlowContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer | Run> {
    return this.answer(flow, await requestPrediction(flow, body), body.wait, reply);
  }

  @Route('predictFile')
  async predictFile(
    @Req() request: FastifyRequest,
    @Flow() flow: FlowContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer | Run> {
    try {
      const { fileName, options, file, refuseRest } = await fromMultipart(request, filePredictionRequest);
      refuseText({ fileName, options }, 'options');
      const run = await requestFilePrediction(flow, { fileName, content: file, whole: refuseRest }, options);
      return await this.answer(flow, run, options.wait, reply);
    } catch (error) {
      // The rest of the body is read and dropped, or the client would never read the answer.
      request.raw.resume();
      throw asRefusal(error);
    }
  }

  @Route('whatIf')
  async whatIf(
    @Input() { body }: Parse<'whatIf'>,
    @Flow() flow: FlowContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer | Run> {
    return this.answer(flow, await requestWhatIf(flow, body), body.wait, reply);
  }

  @Route('explainForecast')
  async explain(
    @Input() { body }: Parse<'explainForecast'>,
    @Flow() flow: FlowContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer | Run> {
    return this.answer(flow, await requestExplanation(flow, body), body.wait, reply);
  }

  @Route('firstLook')
  async firstLook(
    @Input() { params, body }: Parse<'firstLook'>,
    @Flow() flow: FlowContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer | Run> {
    return this.answer(flow, await requestFirstLook(flow, params.dataset, body), body.wait, reply);
  }

  @Route('getPrediction')
  read(@Input() { params }: Parse<'getPrediction'>, @Flow() flow: FlowContext): Promise<Answer> {
    return readPrediction(flow, params.runId);
  }

  private async answer(flow: FlowContext, asked: Run, waitSeconds: number, reply: FastifyReply): Promise<Answer | Run> {
    const run = await waited(this.feed, flow, asked, performance.now() + 1000 * waitSeconds, reply);
    if (!isFinished(run.status)) {
      void reply.status(202);
      return run;
    }
    if (reply.raw.destroyed) return run;
    const answer = await readPrediction(flow, asked.id);
    await forgetPrediction(flow, asked.id);
    return answer;
  }
}
