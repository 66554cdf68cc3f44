import { ByteWriter } from "../otlp/byte-writer.ts";
import { encodeSpan } from "../otlp/encode.ts";
import { extendSpan } from "../otlp/extend-span.ts";
import { SpanShapes } from "../otlp/span-shape.ts";
import type { Attributes, DropReason, RecordingLimit } from "../types.ts";
import type { RandomWord } from "../w3c/random.ts";
import type { BatchSettings } from "./batch-settings.ts";
import type { Ledger } from "./ledger.ts";
import type { SpanLimits } from "./limits.ts";
import type { RecordingSpan, SpanOwner } from "./recording-span.ts";
import type { AnchoredClock } from "./time-anchor.ts";

/** Encoded spans, each an item of `ScopeSpans.spans`. The buffer is the receiver's. */
export interface SpanBatch {
  readonly spans: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface RecorderOptions {
  readonly ledger: Ledger;
  readonly limits: SpanLimits;
  readonly settings: BatchSettings;
  readonly clock: AnchoredClock;
  readonly random: RandomWord;
  readonly deliver: (batch: SpanBatch) => void;
}

/** What the last span of a batch may take beyond the batch's size before the buffer grows. */
const SLACK_BYTES = 16 * 1024;
const SPARES_MAX = 4;
/**
 * Spans are encoded a few requests' worth at a time. Where one request of a hundred is sampled, each finds the processor's caches
 * full of other work, and what runs for it costs two to five times as much as in a row.
 */
const WAITING_MAX = 64;
/** What these are taken to come to. */
const WAITING_BYTES = 256 * 1024;

/**
 * Encodes spans that have ended and hands batches over. When the queue (this buffer and everything handed over) is full,
 * the newest span is dropped before any work is spent on it.
 */
export class Recorder implements SpanOwner {
  readonly limits: SpanLimits;
  readonly random: RandomWord;
  readonly shapes = new SpanShapes();
  readonly #ledger: Ledger;
  readonly #settings: BatchSettings;
  readonly #clock: AnchoredClock;
  readonly #deliver: (batch: SpanBatch) => void;
  readonly #bufferBytes: number;
  readonly #writer: ByteWriter;
  /** Come back from the exporter: new memory for every batch would cost more than encoding it (page faults). */
  readonly #spares: ArrayBuffer[] = [];
  readonly #waiting: RecordingSpan[] = [];
  readonly #waitingMax: number;
  #spans = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed: DropReason | null = null;

  constructor(options: RecorderOptions) {
    this.limits = options.limits;
    this.random = options.random;
    this.#ledger = options.ledger;
    this.#settings = options.settings;
    this.#clock = options.clock;
    this.#deliver = options.deliver;
    this.#waitingMax = Math.min(WAITING_MAX, options.settings.batchSpans);
    this.#bufferBytes = options.settings.batchBytes + SLACK_BYTES;
    this.#writer = new ByteWriter(this.#bufferBytes);
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  started(): void {
    this.#ledger.started++;
  }

  limitHit(limit: RecordingLimit): void {
    this.#ledger.limitHit(limit);
  }

  ended(span: RecordingSpan): void {
    if (this.#isRefused()) return;
    this.#ledger.queuedSpans++;
    this.#waiting.push(span);
    if (this.#waiting.length >= this.#waitingMax || this.#isNearlyFull()) this.#encodeWaiting();
    else if (this.#timer === null) this.#arm();
  }

  /** Each span is encoded at once then, since the bound is one of bytes. */
  #isNearlyFull(): boolean {
    return this.#ledger.queuedBytes + WAITING_BYTES > this.#settings.queueBytes;
  }

  /** A span that ended and was encoded before; its attributes are added to it. */
  endedEncoded(item: Uint8Array, attributes: Attributes): void {
    if (this.#isRefused()) return;
    const before = this.#writer.at;
    extendSpan(this.#writer, item, attributes);
    this.#ledger.queuedSpans++;
    this.#added(before);
  }

  #encodeWaiting(): void {
    for (const span of this.#waiting) {
      const before = this.#writer.at;
      span.settleFacts();
      encodeSpan(this.#writer, span);
      this.#added(before);
    }
    this.#waiting.length = 0;
  }

  /** Books a span that has ended, and drops it when there is no room. */
  #isRefused(): boolean {
    this.#ledger.ended++;
    const refusal = this.#refusal();
    if (refusal !== null) this.#ledger.drop(refusal);
    return refusal !== null;
  }

  #added(before: number): void {
    const ledger = this.#ledger;
    const settings = this.#settings;
    const writer = this.#writer;
    ledger.queuedBytes += writer.at - before;
    this.#spans++;
    if (this.#spans >= settings.batchSpans || writer.at >= settings.batchBytes) this.#handOver();
    else if (this.#timer === null) this.#arm();
  }

  /** Hands over what is recorded. */
  flush(): void {
    this.#encodeWaiting();
    this.#handOver();
  }

  #handOver(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#clock.refresh();
    if (this.#spans === 0) return;
    const batch = { spans: this.#spans, bytes: this.#taken() };
    this.#spans = 0;
    this.#deliver(batch);
  }

  /** Takes back the buffer of a batch that was delivered and has been dealt with. */
  recycle(buffer: ArrayBuffer): void {
    if (buffer.byteLength === this.#bufferBytes && this.#spares.length < SPARES_MAX)
      this.#spares.push(buffer);
  }

  /** A batch of little more than nothing must not hold a whole buffer while it waits. */
  #taken(): Uint8Array<ArrayBuffer> {
    const writer = this.#writer;
    if (writer.at * 2 >= this.#bufferBytes) {
      return writer.take(this.#spares.pop() ?? new ArrayBuffer(this.#bufferBytes));
    }
    const bytes = writer.copy();
    writer.clear();
    return bytes;
  }

  /** From now on spans that end are dropped for `reason`, until `open`. Flush before. */
  close(reason: DropReason): void {
    this.#closed = reason;
  }

  open(): void {
    this.#closed = null;
  }

  #refusal(): DropReason | null {
    if (this.#closed !== null) return this.#closed;
    const { queuedBytes, queuedSpans } = this.#ledger;
    const { queueBytes, queueSpans } = this.#settings;
    return queuedBytes >= queueBytes || queuedSpans >= queueSpans ? "queue_full" : null;
  }

  #arm(): void {
    this.#timer = setTimeout(() => this.flush(), this.#settings.delayMs);
    // Spans that wait must not keep a process alive that is done: `stop` flushes.
    this.#timer.unref();
  }
}
