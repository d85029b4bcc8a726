/** A message as an e-mail, through the mail server of the operator. */
import type { WebhookMessage } from '@almanac/contracts';
import { createTransport } from 'nodemailer';
import type { Sent } from './send.js';
import { wordsOf } from './words.js';

export interface MailServer {
  /** `smtp://` (STARTTLS where the server offers it) or `smtps://`, with user and password where it wants them. */
  url: string;
  from: string;
}

const SENT = 250;

/** Never rejects: what went wrong is the result. @param id of the message, the same for every attempt */
export async function mail(
  to: string,
  id: string,
  message: WebhookMessage,
  server: MailServer | undefined,
  timeoutMs: number,
): Promise<Sent> {
  if (server === undefined)
    return { status: null, error: 'No mail server is set; the operator sets ALMANAC_SMTP_URL and ALMANAC_MAIL_FROM for the workers.' };
  const patience = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
  const transport = createTransport({ url: server.url, ...patience });
  const { subject, lines } = wordsOf(message);
  try {
    await transport.sendMail({
      from: server.from,
      to,
      subject: `[Almanac] ${subject}`,
      text: lines.join('\n'),
      messageId: `<${id}@almanac>`,
    });
    return { status: SENT, error: null };
  } catch (error) {
    const { message: said, responseCode } = error as Error & { responseCode?: number };
    return { status: responseCode ?? null, error: said.slice(0, 300) };
  } finally {
    transport.close();
  }
}
