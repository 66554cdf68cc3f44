import { Worker } from "node:worker_threads";
import { unreachable } from "@ais/base/assert.ts";
import { AisError } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import type { Counters } from "../counters.ts";
import { WRITER_WORKER_URL } from "../paths.ts";
import type { Encoding, FromWriter, ToWriter, WriterData } from "../store/messages.ts";
import type { InsertResult } from "../store/writer.ts";

export interface Submitted extends InsertResult {
  /** Of a file, up to some; empty for other requests. */
  readonly traceIds: readonly string[];
}

interface Waiting {
  readonly bytes: number;
  resolve(result: Submitted): void;
  reject(error: AisError): void;
}

export interface IngestOptions extends WriterData {
  readonly maxQueuedBytes: number;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** Main-thread end of the writing worker. What it has taken but not yet committed is bounded in bytes. */
export class Ingest {
  readonly #worker: Worker;
  readonly #options: IngestOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #started = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #crashed = Promise.withResolvers<never>();
  #queuedBytes = 0;
  #nextId = 1;

  private constructor(options: IngestOptions) {
    this.#options = options;
    const { dataDir, limits } = options;
    this.#worker = new Worker(WRITER_WORKER_URL, {
      workerData: { dataDir, limits } satisfies WriterData,
    });
    this.#worker.on("message", (message: FromWriter) => this.#receive(message));
    this.#worker.on("error", (error) => this.#fail(error));
    // Nobody may be listening when nothing goes wrong.
    this.#crashed.promise.catch(() => {});
  }

  /** Resolves when the store is open. Rejects with the reason when it cannot be. */
  static async start(options: IngestOptions): Promise<Ingest> {
    const ingest = new Ingest(options);
    await Promise.race([ingest.#started.promise, ingest.#crashed.promise]);
    return ingest;
  }

  /** Rejects when the worker died; never resolves. */
  get crashed(): Promise<never> {
    return this.#crashed.promise;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Throws `tooManyRequests` when a request of this size would go over the limit of the queue. */
  checkRoom(bytes: number): void {
    const { maxQueuedBytes } = this.#options;
    if (this.#queuedBytes === 0 || this.#queuedBytes + bytes <= maxQueuedBytes) return;
    this.refusedForOverload();
    throw new AisError(
      "tooManyRequests",
      `the ingest queue is full: ${this.#queuedBytes} of ${maxQueuedBytes} bytes`,
    );
  }

  refusedForOverload(): void {
    this.#options.counters.requestsRefused.overload += 1;
  }

  /**
   * Resolves when the spans are committed. `bytes` is copied.
   * Rejects with `badRequest` when malformed, `tooManyRequests` when the queue is full, `unavailable` when the disk refuses.
   */
  async submit(encoding: Encoding, bytes: Uint8Array): Promise<Submitted> {
    this.checkRoom(bytes.byteLength);
    const { counters } = this.#options;
    counters.requests += 1;
    counters.receivedBytes += bytes.byteLength;
    const id = this.#nextId++;
    this.#queuedBytes += bytes.byteLength;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { bytes: bytes.byteLength, resolve, reject });
      // A view into a pooled buffer would drag the whole pool through the copy.
      const copy = new Uint8Array(bytes);
      this.#post({ type: "spans", id, encoding, bytes: copy }, [copy.buffer]);
    });
  }

  /** Everything submitted is committed and the file closed when this resolves. */
  async stop(): Promise<void> {
    this.#post({ type: "stop" }, []);
    await Promise.race([this.#stopped.promise, this.#crashed.promise.catch(() => {})]);
    await this.#worker.terminate();
  }

  #post(message: ToWriter, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWriter): void {
    const { counters, logger } = this.#options;
    switch (message.type) {
      case "ready":
        this.#started.resolve();
        break;
      case "failed":
        this.#fail(new AisError(message.code, message.message));
        break;
      case "stored":
        counters.spansReceived += message.result.stored + message.result.refused;
        counters.spansStored += message.result.stored;
        counters.spansRefused += message.result.refused;
        this.#take(message.id)?.resolve({ ...message.result, traceIds: message.traceIds });
        break;
      case "refused":
        counters.requestsRefused[message.code === "badRequest" ? "malformed" : "unavailable"] += 1;
        this.#take(message.id)?.reject(new AisError(message.code, message.message));
        break;
      case "evicted":
        counters.spansEvicted += message.spans;
        break;
      case "log":
        logger.log(message.level, message.message, message.fields);
        break;
      case "stopped":
        this.#stopped.resolve();
        break;
      default:
        unreachable(message);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    this.#queuedBytes -= waiting.bytes;
    return waiting;
  }

  #fail(error: unknown): void {
    this.#crashed.reject(error);
    for (const id of [...this.#waiting.keys()]) {
      this.#take(id)?.reject(new AisError("unavailable", "the store has stopped"));
    }
  }
}
