/** Schedules and their firings. */
import { z } from 'zod';
import { pageQuery } from '../schemas/common.js';
import { run } from '../schemas/runs.js';
import { firingPage, schedule, schedulePage, schedulePatch, scheduleRequest } from '../schemas/schedules.js';
import { type Endpoint } from './endpoint.js';
import { bySchedule } from './parts.js';

export const scheduleEndpoints = {
  listSchedules: {
    method: 'GET',
    path: '/v1/schedules',
    summary: 'Schedules with their next due times',
    scope: 'read',
    query: pageQuery,
    status: 200,
    response: schedulePage,
  },
  createSchedule: {
    method: 'POST',
    path: '/v1/schedules',
    summary: 'Make a schedule',
    scope: 'write',
    body: scheduleRequest,
    status: 201,
    response: schedule,
  },
  getSchedule: {
    method: 'GET',
    path: '/v1/schedules/:schedule',
    summary: 'One schedule',
    scope: 'read',
    params: bySchedule,
    status: 200,
    response: schedule,
  },
  updateSchedule: {
    method: 'PATCH',
    path: '/v1/schedules/:schedule',
    summary: 'Change or pause a schedule',
    scope: 'write',
    params: bySchedule,
    body: schedulePatch,
    status: 200,
    response: schedule,
  },
  deleteSchedule: {
    method: 'DELETE',
    path: '/v1/schedules/:schedule',
    summary: 'Delete a schedule; its runs stay',
    scope: 'write',
    params: bySchedule,
    status: 204,
    response: z.void(),
  },
  runSchedule: {
    method: 'POST',
    path: '/v1/schedules/:schedule/run',
    summary: 'Run it now, beside its times',
    scope: 'write',
    params: bySchedule,
    status: 202,
    response: run,
  },
  listFirings: {
    method: 'GET',
    path: '/v1/schedules/:schedule/firings',
    summary: 'Past firings, newest first',
    scope: 'read',
    params: bySchedule,
    query: pageQuery,
    status: 200,
    response: firingPage,
  },
} as const satisfies Record<string, Endpoint>;
