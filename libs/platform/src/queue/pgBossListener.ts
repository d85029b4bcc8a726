/** A connection of its own that hears the NOTIFYs, and connects again when it is cut. */
import pg from 'pg';
import type { Logger } from '../logging.js';

const LISTENERS_PAUSE_MS = 1_000;

export class Listener {
  private client: pg.Client | undefined;
  private stopped = false;

  constructor(
    private readonly databaseUrl: string,
    private readonly channel: string,
    private readonly onName: (name: string) => void,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    if (this.stopped) return;
    const client = new pg.Client({ connectionString: this.databaseUrl, keepAlive: true });
    client.on('error', () => undefined);
    client.on('notification', (message) => this.onName(message.payload ?? ''));
    // A connection that fails ends as well; each must have one successor, not two.
    let over = false;
    const succeed = (): void => {
      if (!over) this.again();
      over = true;
    };
    client.once('end', succeed);
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(this.channel)}`);
      this.client = client;
    } catch (error) {
      // The poll goes on meanwhile.
      this.logger.warn({ error }, 'the listener of the queue could not connect');
      void client.end().catch(() => undefined);
      succeed();
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.client?.end().catch(() => undefined);
  }

  private again(): void {
    if (!this.stopped) setTimeout(() => void this.start(), LISTENERS_PAUSE_MS).unref();
  }
}
