/** Runs: listed, read, cancelled, and followed as server-sent events until they end. */
import { Controller, Req, Res } from '@nestjs/common';
import { type BacktestSeries, isFinished, type Page, type Run, type RunCurve, type RunEstimate } from '@almanac/contracts';
import { getRun, getRunCurve, listBacktestSeries, listRuns, rejectsCsv } from '@almanac/flow/query';
import { estimateAction } from '@almanac/flow/schedule';
import { cancelRun, type FlowContext, resumeRun } from '@almanac/flow/runs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { By, type Caller, Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';
import { RunFeed } from '../http/runFeed.js';

/** A follower looks again after so long even if nothing was announced; the beat keeps proxies from closing the stream. */
const LOOK_MS = 2_000;
const BEAT_MS = 15_000;

@Controller()
export class RunsController {
  constructor(private readonly feed: RunFeed) {}

  @Route('listRuns')
  list(@Input() { query }: Parse<'listRuns'>, @Flow() flow: FlowContext): Promise<Page<Run>> {
    return listRuns(flow, query);
  }

  @Route('getRun')
  get(@Input() { params }: Parse<'getRun'>, @Flow() flow: FlowContext): Promise<Run> {
    return getRun(flow, params.runId);
  }

  @Route('getRunCurve')
  curve(@Input() { params }: Parse<'getRunCurve'>, @Flow() flow: FlowContext): Promise<RunCurve> {
    return getRunCurve(flow, params.runId);
  }

  @Route('estimateRun')
  estimate(@Input() { body }: Parse<'estimateRun'>, @Flow() flow: FlowContext): Promise<RunEstimate> {
    return estimateAction(flow, body);
  }

  @Route('listBacktestSeries')
  backtestSeries(@Input() { params, query }: Parse<'listBacktestSeries'>, @Flow() flow: FlowContext): Promise<Page<BacktestSeries>> {
    return listBacktestSeries(flow, params.runId, query);
  }

  @Route('resumeRun')
  resume(@Input() { params }: Parse<'resumeRun'>, @Flow() flow: FlowContext): Promise<Run> {
    return resumeRun(flow, params.runId);
  }

  @Route('cancelRun')
  cancel(@Input() { params }: Parse<'cancelRun'>, @Flow() flow: FlowContext): Promise<Run> {
    return cancelRun(flow, params.runId);
  }

  @Route('downloadRejects')
  async rejects(@Input() { params }: Parse<'downloadRejects'>, @Flow() flow: FlowContext, @Res() reply: FastifyReply): Promise<void> {
    const lines = await rejectsCsv(flow, params.runId);
    void reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="rejects-${params.runId}.csv"`)
      .send(Readable.from(lines));
  }

  @Route('followRun')
  async follow(
    @Input() { params }: Parse<'followRun'>,
    @By() { flow, stillMay }: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // A run that does not exist is an ordinary 404, before the stream begins.
    let run = await getRun(flow, params.runId);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': request.id,
    });
    const gone = new AbortController();
    raw.once('close', () => gone.abort());
    const beat = setInterval(() => raw.write(': still here\n\n'), BEAT_MS);
    let last = '';
    try {
      while (!gone.signal.aborted) {
        const data = JSON.stringify(run);
        if (data !== last) raw.write(`event: run\ndata: ${data}\n\n`);
        last = data;
        if (isFinished(run.status)) break;
        await this.feed.changed(flow.store, params.runId, LOOK_MS, gone.signal);
        // Whoever asks again gets the reason.
        if (!(await stillMay())) break;
        run = await getRun(flow, params.runId);
      }
    } finally {
      clearInterval(beat);
      raw.end();
    }
  }
}
