/** Schedules: what is done when. */
import { Controller } from '@nestjs/common';
import type { Firing, Page, Run, Schedule } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import {
  createSchedule,
  deleteSchedule,
  getSchedule,
  listFirings,
  listSchedules,
  runSchedule,
  updateSchedule,
} from '@almanac/flow/schedule';
import { Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class SchedulesController {
  @Route('listSchedules')
  list(@Input() { query }: Parse<'listSchedules'>, @Flow() flow: FlowContext): Promise<Page<Schedule>> {
    return listSchedules(flow, query);
  }

  @Route('createSchedule')
  create(@Input() { body }: Parse<'createSchedule'>, @Flow() flow: FlowContext): Promise<Schedule> {
    return createSchedule(flow, body);
  }

  @Route('getSchedule')
  get(@Input() { params }: Parse<'getSchedule'>, @Flow() flow: FlowContext): Promise<Schedule> {
    return getSchedule(flow, params.schedule);
  }

  @Route('updateSchedule')
  update(@Input() { params, body }: Parse<'updateSchedule'>, @Flow() flow: FlowContext): Promise<Schedule> {
    return updateSchedule(flow, params.schedule, body);
  }

  @Route('deleteSchedule')
  delete(@Input() { params }: Parse<'deleteSchedule'>, @Flow() flow: FlowContext): Promise<void> {
    return deleteSchedule(flow, params.schedule);
  }

  @Route('runSchedule')
  run(@Input() { params }: Parse<'runSchedule'>, @Flow() flow: FlowContext): Promise<Run> {
    return runSchedule(flow, params.schedule);
  }

  @Route('listFirings')
  firings(@Input() { params, query }: Parse<'listFirings'>, @Flow() flow: FlowContext): Promise<Page<Firing>> {
    return listFirings(flow, params.schedule, query);
  }
}
