/**
 * LISTEN/NOTIFY over one connection of its own, opened when the first channel is listened to.
 *
 * Invariant: after a lost connection it listens again by itself. What was sent in between is lost, so a listener that
 * must not miss anything also looks at the table from time to time.
 */
import pg from 'pg';

const RECONNECT_MS = 500;

export class Listener {
  private readonly channels = new Map<string, Set<(payload: string) => void>>();
  private connection: Promise<pg.Client> | undefined;
  private closed = false;

  constructor(private readonly databaseUrl: string) {}

  async listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>> {
    let callbacks = this.channels.get(channel);
    if (!callbacks) this.channels.set(channel, (callbacks = new Set()));
    // A fresh function each, so that listening twice with the same callback is two listeners.
    const own = (payload: string): void => callback(payload);
    callbacks.add(own);
    if (this.connection) await (await this.connection).query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    else await this.connect();
    return async () => {
      callbacks.delete(own);
      if (callbacks.size > 0 || this.channels.get(channel) !== callbacks) return;
      this.channels.delete(channel);
      const client = await this.connection;
      await client?.query(`UNLISTEN ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    const client = await this.connection?.catch(() => undefined);
    await client?.end();
  }

  private connect(): Promise<pg.Client> {
    this.connection = this.open();
    this.connection.catch(() => this.reconnect());
    return this.connection;
  }

  private async open(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.databaseUrl, keepAlive: true, application_name: 'almanac-listener' });
    client.on('notification', ({ channel, payload }) => {
      for (const callback of this.channels.get(channel) ?? []) callback(payload ?? '');
    });
    client.on('error', () => undefined);
    await client.connect();
    client.on('end', () => this.reconnect());
    try {
      for (const channel of this.channels.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    return client;
  }

  private reconnect(): void {
    this.connection = undefined;
    if (this.closed) return;
    setTimeout(() => {
      if (!this.closed && this.connection === undefined && this.channels.size > 0) void this.connect().catch(() => undefined);
    }, RECONNECT_MS).unref();
  }
}
