/** Buffers of one size, used again: a PUT that streams gigabytes allocates nothing after its first two. */
export class BufferPool {
  readonly sizeBytes: number;
  readonly #keepCount: number;
  readonly #free: Uint8Array[] = [];

  constructor(sizeBytes: number, keepCount: number) {
    this.sizeBytes = sizeBytes;
    this.#keepCount = keepCount;
  }

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(this.sizeBytes);
  }

  give(buffer: Uint8Array): void {
    if (this.#free.length < this.#keepCount) this.#free.push(buffer);
  }
}
