/**
 * Gathers the pieces of a body into large writes and hashes them on the way. While one buffer is being written the
 * other fills, so the network, the hash and the disk work at the same time, with two buffers whatever the object's size.
 */
import type { FileSink } from "@ais/base/durable-write.ts";
import type { ContentHasher } from "../checksum.ts";
import type { BufferPool } from "./buffer-pool.ts";

export class ChunkWriter {
  readonly #sink: FileSink;
  readonly #hashers: readonly ContentHasher[];
  readonly #pool: BufferPool;
  #filling: Uint8Array;
  #spare: Uint8Array;
  #filledBytes = 0;
  /** How much of the filling buffer the hashers have seen. */
  #hashedBytes = 0;
  #hashing = true;
  #inFlight: Promise<void> = Promise.resolve();

  constructor(sink: FileSink, hashers: readonly ContentHasher[], pool: BufferPool) {
    this.#sink = sink;
    this.#hashers = hashers;
    this.#pool = pool;
    this.#filling = pool.take();
    this.#spare = pool.take();
  }

  /** Resolves when `bytes` may be reused. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.byteLength; ) {
      const part = bytes.subarray(offset, offset + this.#pool.sizeBytes - this.#filledBytes);
      this.#filling.set(part, this.#filledBytes);
      this.#filledBytes += part.byteLength;
      offset += part.byteLength;
      if (this.#filledBytes === this.#pool.sizeBytes) await this.#flush();
    }
  }

  /** Hashes the rest, then asks for the tail, which is not hashed. Resolves when all of it is written. */
  async finish(tail: () => Uint8Array): Promise<void> {
    this.#hashNew();
    this.#hashing = false;
    await this.append(tail());
    await this.#flush();
    await this.#inFlight;
  }

  /** In every case, last: no write is running on the buffers when they go back. */
  async release(): Promise<void> {
    await this.#inFlight.catch(() => {});
    this.#pool.give(this.#filling);
    this.#pool.give(this.#spare);
  }

  #hashNew(): void {
    if (!this.#hashing || this.#hashedBytes === this.#filledBytes) return;
    const fresh = this.#filling.subarray(this.#hashedBytes, this.#filledBytes);
    for (const hasher of this.#hashers) hasher.update(fresh);
    this.#hashedBytes = this.#filledBytes;
  }

  async #flush(): Promise<void> {
    if (this.#filledBytes === 0) return;
    const full = this.#filling.subarray(0, this.#filledBytes);
    this.#hashNew();
    await this.#inFlight;
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filledBytes = 0;
    this.#hashedBytes = 0;
    this.#inFlight = this.#sink.write(full);
    // The failure is reported by the next wait; until then it is not an unhandled one.
    this.#inFlight.catch(() => {});
  }
}
