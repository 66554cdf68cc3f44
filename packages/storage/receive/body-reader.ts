import { AisError, isAisError } from "@ais/base/errors.ts";
import type { ObjectBody } from "../types.ts";

interface PieceSource {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason: unknown): Promise<void>;
}

/**
 * Reads a body once, counts it, and holds it to the size that was announced. Failures are `badRequest`, but an AisError
 * of the stream itself passes.
 */
export class BodyReader {
  readonly #action: string;
  readonly #expectedBytes: number | null;
  readonly #stream: PieceSource | null;
  #bytes: Uint8Array | null;
  #receivedBytes = 0;
  #waitMs = 0;
  #ended = false;
  #isWaiting = false;
  #evictedWith: AisError | null = null;

  /** `action` starts the error texts: `put ais://bucket/object`. */
  constructor(body: ObjectBody, expectedBytes: number | undefined, action: string) {
    this.#action = action;
    this.#expectedBytes = expectedBytes ?? null;
    this.#bytes = body instanceof Uint8Array ? body : null;
    this.#stream = body instanceof Uint8Array ? null : body.getReader();
  }

  /** False: the whole body was there from the start. */
  get isStream(): boolean {
    return this.#stream !== null;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** It is the sender that is waited for, not the disk. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Nobody has to be waited for: the body was there from the start, or has its announced size. */
  get isComplete(): boolean {
    return this.#stream === null || this.#ended || this.#receivedBytes === this.#expectedBytes;
  }

  /** Ends the reading with `error`, at once when the sender is being waited for. */
  evict(error: AisError): void {
    this.#evictedWith ??= error;
    this.#stream?.cancel(error).catch(() => {});
  }

  /** How long the sender let itself be waited for so far. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** The next piece, never empty; null at the end of a body of the right size. */
  async next(): Promise<Uint8Array | null> {
    while (!this.#ended) {
      const chunk = await this.#read();
      if (chunk === null) {
        this.#ended = true;
        break;
      }
      this.#receivedBytes += chunk.byteLength;
      if (this.#expectedBytes !== null && this.#receivedBytes > this.#expectedBytes) {
        throw this.#refuse(`the body is longer than the ${this.#expectedBytes} bytes announced`);
      }
      if (chunk.byteLength > 0) return chunk;
    }
    if (this.#expectedBytes !== null && this.#receivedBytes < this.#expectedBytes) {
      throw this.#refuse(`the body ended after ${this.#receivedBytes} of ${this.#expectedBytes} bytes`);
    }
    return null;
  }

  /** Tells the sender of an unfinished body that nobody reads on. */
  abandon(reason: unknown): void {
    if (this.#ended || this.#stream === null) return;
    this.#ended = true;
    this.#stream.cancel(reason).catch(() => {});
  }

  async #read(): Promise<Uint8Array | null> {
    if (this.#stream === null) {
      const bytes = this.#bytes;
      this.#bytes = null;
      return bytes;
    }
    const askedMs = performance.now();
    this.#isWaiting = true;
    try {
      const { done, value } = await this.#stream.read();
      this.#waitMs += performance.now() - askedMs;
      if (this.#evictedWith !== null) throw this.#evictedWith;
      return done || value === undefined ? null : value;
    } catch (error) {
      if (isAisError(error)) throw error;
      throw this.#refuse(`the body broke off after ${this.#receivedBytes} bytes`, error);
    } finally {
      this.#isWaiting = false;
    }
  }

  #refuse(why: string, cause?: unknown): AisError {
    return new AisError("badRequest", `failed to ${this.#action}: ${why}`, { cause });
  }
}
