/** The worker's side of webhooks. */
export { carryDeliveries, executeDelivery, forgetDeliveries, type DeliveryOptions } from './deliver.js';
export { type MailServer } from './mail.js';
export { send, type SendOptions, type Sent } from './send.js';
export { sign } from './sign.js';
