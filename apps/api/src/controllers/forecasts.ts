/** Forecasts: asked for, read as JSON or as CSV that is streamed row by row, with the attention of one. */
import { Controller, Res } from '@nestjs/common';
import type {
  AttentionMapsResource,
  BacktestSeries,
  StoredContributions,
  Forecast,
  ForecastPaths,
  ForecastScores,
  Override,
  OverrideList,
  OverrideScores,
  Page,
  Run,
  Totals,
} from '@almanac/contracts';
import { createOverride, deleteOverride, listOverrides, requestForecast, requestReplay } from '@almanac/flow/forecast';
import {
  forecastPaths,
  forecastScores,
  forecastSeriesScores,
  forecastTotals,
  getAttention,
  getContributions,
  latestForecasts,
  latestForecastsCsv,
  listSeriesForecasts,
  overrideScores,
} from '@almanac/flow/query';
import type { FlowContext } from '@almanac/flow/runs';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class ForecastsController {
  @Route('forecast')
  forecast(@Input() { body }: Parse<'forecast'>, @Flow() flow: FlowContext): Promise<Run> {
    return requestForecast(flow, body);
  }

  @Route('replayForecast')
  replay(@Input() { params }: Parse<'replayForecast'>, @Flow() flow: FlowContext): Promise<Run> {
    return requestReplay(flow, params.runId);
  }

  @Route('latestForecasts')
  latest(@Input() { query }: Parse<'latestForecasts'>, @Flow() flow: FlowContext): Promise<Page<Forecast>> {
    return latestForecasts(flow, query);
  }

  @Route('listSeriesForecasts')
  history(@Input() { params, query }: Parse<'listSeriesForecasts'>, @Flow() flow: FlowContext): Promise<Page<Forecast>> {
    return listSeriesForecasts(flow, params.dataset, params.uniqueId, query);
  }

  @Route('latestForecastsCsv')
  async csv(@Input() { query }: Parse<'latestForecastsCsv'>, @Flow() flow: FlowContext, @Res() reply: FastifyReply): Promise<void> {
    const lines = await latestForecastsCsv(flow, query);
    void reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="forecasts.csv"')
      .send(Readable.from(lines));
  }

  @Route('forecastTotals')
  totals(@Input() { body }: Parse<'forecastTotals'>, @Flow() flow: FlowContext): Promise<Totals> {
    return forecastTotals(flow, body);
  }

  @Route('forecastPaths')
  paths(@Input() { params, query }: Parse<'forecastPaths'>, @Flow() flow: FlowContext): Promise<ForecastPaths> {
    return forecastPaths(flow, params.runId, query);
  }

  @Route('forecastScores')
  scores(@Input() { params }: Parse<'forecastScores'>, @Flow() flow: FlowContext): Promise<ForecastScores> {
    return forecastScores(flow, params.runId);
  }

  @Route('forecastSeriesScores')
  seriesScores(@Input() { params, query }: Parse<'forecastSeriesScores'>, @Flow() flow: FlowContext): Promise<Page<BacktestSeries>> {
    return forecastSeriesScores(flow, params.runId, query);
  }

  @Route('createOverride')
  createOverride(@Input() { params, body }: Parse<'createOverride'>, @Flow() flow: FlowContext): Promise<Override> {
    return createOverride(flow, params.runId, body);
  }

  @Route('listOverrides')
  overrides(@Input() { params, query }: Parse<'listOverrides'>, @Flow() flow: FlowContext): Promise<OverrideList> {
    return listOverrides(flow, params.runId, query.uniqueId);
  }

  @Route('deleteOverride')
  deleteOverride(@Input() { params }: Parse<'deleteOverride'>, @Flow() flow: FlowContext): Promise<void> {
    return deleteOverride(flow, params.runId, params.overrideId);
  }

  @Route('overrideScores')
  overrideScores(@Input() { params, query }: Parse<'overrideScores'>, @Flow() flow: FlowContext): Promise<OverrideScores> {
    return overrideScores(flow, params.dataset, query.model);
  }

  @Route('getContributions')
  contributions(@Input() { params, query }: Parse<'getContributions'>, @Flow() flow: FlowContext): Promise<StoredContributions> {
    return getContributions(flow, params.runId, query.uniqueId);
  }

  @Route('getAttention')
  attention(@Input() { params, query }: Parse<'getAttention'>, @Flow() flow: FlowContext): Promise<AttentionMapsResource> {
    return getAttention(flow, params.runId, query.uniqueId);
  }
}
