/** Webhooks, as they are asked for and read; `@almanac/flow/notify/execute` is the worker's side. */
export {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listDeliveries,
  listWebhooks,
  pingWebhook,
  replayDelivery,
  rotateSecret,
  updateWebhook,
} from './webhooks.js';
