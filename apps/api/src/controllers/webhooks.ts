/** Webhooks and what became of their deliveries. */
import { Controller } from '@nestjs/common';
import type { Page, Webhook, WebhookCreated, WebhookDelivery } from '@almanac/contracts';
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listDeliveries,
  listWebhooks,
  pingWebhook,
  replayDelivery,
  rotateSecret,
  updateWebhook,
} from '@almanac/flow/notify';
import type { FlowContext } from '@almanac/flow/runs';
import { Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class WebhooksController {
  @Route('listWebhooks')
  list(@Input() { query }: Parse<'listWebhooks'>, @Flow() flow: FlowContext): Promise<Page<Webhook>> {
    return listWebhooks(flow, query);
  }

  @Route('createWebhook')
  create(@Input() { body }: Parse<'createWebhook'>, @Flow() flow: FlowContext): Promise<WebhookCreated> {
    return createWebhook(flow, body);
  }

  @Route('getWebhook')
  get(@Input() { params }: Parse<'getWebhook'>, @Flow() flow: FlowContext): Promise<Webhook> {
    return getWebhook(flow, params.webhookId);
  }

  @Route('updateWebhook')
  update(@Input() { params, body }: Parse<'updateWebhook'>, @Flow() flow: FlowContext): Promise<Webhook> {
    return updateWebhook(flow, params.webhookId, body);
  }

  @Route('deleteWebhook')
  delete(@Input() { params }: Parse<'deleteWebhook'>, @Flow() flow: FlowContext): Promise<void> {
    return deleteWebhook(flow, params.webhookId);
  }

  @Route('rotateWebhookSecret')
  rotate(@Input() { params, body }: Parse<'rotateWebhookSecret'>, @Flow() flow: FlowContext): Promise<WebhookCreated> {
    return rotateSecret(flow, params.webhookId, body);
  }

  @Route('pingWebhook')
  ping(@Input() { params }: Parse<'pingWebhook'>, @Flow() flow: FlowContext): Promise<WebhookDelivery> {
    return pingWebhook(flow, params.webhookId);
  }

  @Route('listWebhookDeliveries')
  deliveries(@Input() { params, query }: Parse<'listWebhookDeliveries'>, @Flow() flow: FlowContext): Promise<Page<WebhookDelivery>> {
    return listDeliveries(flow, params.webhookId, query);
  }

  @Route('replayWebhookDelivery')
  replay(@Input() { params }: Parse<'replayWebhookDelivery'>, @Flow() flow: FlowContext): Promise<WebhookDelivery> {
    return replayDelivery(flow, params.webhookId, params.deliveryId);
  }
}
