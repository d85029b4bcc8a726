/** Takes exact numbers of bytes from a stream, each into a buffer of its own. */
export class ByteReader {
  /** The stream ended in the middle of what was to be taken. */
  torn = false;
  private readonly chunks: AsyncIterator<Buffer>;
  private chunk: Buffer = Buffer.alloc(0);

  constructor(pipe: AsyncIterable<Buffer>) {
    this.chunks = pipe[Symbol.asyncIterator]();
  }

  /** @returns undefined where the stream ends first */
  async take(count: number): Promise<Buffer | undefined> {
    const taken = Buffer.from(new ArrayBuffer(count));
    let filled = 0;
    while (filled < count) {
      if (this.chunk.length === 0) {
        const next = await this.chunks.next();
        if (next.done) {
          this.torn = filled > 0;
          return undefined;
        }
        this.chunk = next.value;
      }
      const part = this.chunk.subarray(0, count - filled);
      part.copy(taken, filled);
      filled += part.length;
      this.chunk = this.chunk.subarray(part.length);
    }
    return taken;
  }
}
