/** A message in words, for people who get it as a chat message or an e-mail. */
import type { WebhookMessage } from '@almanac/contracts';

const text = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined);

/** @returns one line, and what is known beside it, a line each */
export function wordsOf({ type, timestamp, data }: WebhookMessage): { subject: string; lines: string[] } {
  const of = (name: string): string | undefined => text(data[name]);
  const about = of('model') ?? of('dataset');
  const named = about === undefined ? '' : ` of ${about}`;
  const error = data['error'] as { code?: string; detail?: string; hint?: string } | null | undefined;
  const subject: Record<typeof type, string> = {
    'run.finished': `The ${of('kind') ?? 'run'} run${named} finished`,
    'run.failed': `The ${of('kind') ?? 'run'} run${named} failed`,
    'run.cancelled': `The ${of('kind') ?? 'run'} run${named} was cancelled`,
    'forecast.stored': `A forecast${named} was stored`,
    'alert.raised': `Alert${about === undefined ? '' : ` for ${about}`}: ${of('message') ?? of('code') ?? ''}`,
    'alias.moved': `${of('alias') ?? 'An alias'}${named} is now version ${of('version') ?? '?'}`,
    ping: 'A test message',
  };
  const known = ['code', 'dataset', 'model', 'version', 'previousVersion', 'reason', 'series', 'since', 'runId'];
  const lines = [
    ...(error?.detail ? [`${error.code ?? 'Error'}: ${error.detail}`] : []),
    ...(error?.hint ? [error.hint] : []),
    ...known.flatMap((name) => (of(name) === undefined ? [] : [`${name}: ${of(name)}`])),
    `${type} at ${timestamp}`,
  ];
  return { subject: subject[type], lines };
}

/** What Slack, Mattermost and others who speak like Slack take. Their marks stand for themselves. */
export function asSlack(message: WebhookMessage): string {
  const { subject, lines } = wordsOf(message);
  const plain = (line: string): string => line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return JSON.stringify({ text: `*${plain(subject)}*\n${lines.map(plain).join('\n')}` });
}
