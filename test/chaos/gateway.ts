/** What stands between the programs and PostgreSQL: it can refuse everybody for a while, as a network or a server that is away does. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Gateway {
  private server: Server | undefined;
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly target: () => string,
    private port = 0,
  ) {}

  /** @param target address of the database, asked for at every connection */
  static async build(target: () => string): Promise<Gateway> {
    const gateway = new Gateway(target);
    await gateway.accept();
    return gateway;
  }

  /** The same database by way of the gateway. */
  get url(): string {
    const url = new URL(this.target());
    url.port = String(this.port);
    return url.href;
  }

  async accept(): Promise<void> {
    this.server = createServer((near) => {
      const { port, hostname } = new URL(this.target());
      const far = connect(Number(port), hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.open.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as { port: number }).port;
  }

  /** Cuts what is open, and lets nobody in. */
  async refuse(): Promise<void> {
    const closed = this.server ? once(this.server, 'close') : undefined;
    this.server?.close();
    for (const socket of this.open) socket.destroy();
    await closed;
    this.server = undefined;
  }
}
