/** Schedules: cron in a time zone, decided from an injected clock; queues only run what is due. */
export { nextDue, nextDues } from './due.js';
export { estimateAction } from './estimate.js';
export { fireDue } from './fire.js';
export { createSchedule, deleteSchedule, getSchedule, listFirings, listSchedules, runSchedule, updateSchedule } from './schedules.js';
