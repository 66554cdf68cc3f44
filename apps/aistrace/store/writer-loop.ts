import type { Database } from "bun:sqlite";
import { systemClock } from "@ais/base/clock.ts";
import { AisError, errorText, isAisError } from "@ais/base/errors.ts";
import { RepeatLimit } from "@ais/base/repeat-limit.ts";
import { decodeExportRequest } from "@ais/tracing/otlp/decode.ts";
import { decodeExportJson } from "@ais/tracing/otlp/json.ts";
import type { OtlpResourceSpans } from "@ais/tracing/otlp/types.ts";
import { decodeTraceFile } from "../files/trace-file.ts";
import { Evictor } from "./evict.ts";
import type { Encoding, FromWriter, ToWriter, WriterData } from "./messages.ts";
import { openWriter } from "./open.ts";
import { SpanWriter } from "./writer.ts";

type SpansMessage = Extract<ToWriter, { type: "spans" }>;

interface Decoded {
  readonly id: number;
  readonly request: readonly OtlpResourceSpans[];
  readonly traceIds: readonly string[];
}

/** Requests that wait are stored together, up to this much in one transaction. */
const MAX_GROUP_BYTES = 8 * 1024 * 1024;
/** More than a page would list. */
const MAX_FILE_TRACE_IDS = 100;
const EVICT_SLICE_MS = 20;
const IDLE_INTERVAL_MS = 2000;

/**
 * Whatever arrived during a transaction goes into the next one, so the cost of a commit is shared under load and nothing
 * waits when there is none. A request is answered after its commit.
 */
export class WriterLoop {
  readonly #db: Database;
  readonly #writer: SpanWriter;
  readonly #evictor: Evictor;
  readonly #post: (message: FromWriter) => void;
  readonly #pending: SpansMessage[] = [];
  /** A full disk fails every request, and its log may lie on the same disk. */
  readonly #problems: RepeatLimit;
  readonly #timer: ReturnType<typeof setInterval>;
  #isScheduled = false;
  #hasWritten = false;
  #isStopped = false;

  constructor(data: WriterData, post: (message: FromWriter) => void, nowMs: () => number) {
    this.#db = openWriter(data.dataDir, data.limits.maxBytes);
    this.#writer = new SpanWriter(this.#db, nowMs);
    this.#evictor = new Evictor(this.#db, data.limits, nowMs);
    this.#post = post;
    this.#problems = new RepeatLimit(systemClock, {
      log: (level, message, fields = {}) => post({ type: "log", level, message, fields }),
    });
    this.#timer = setInterval(() => this.#tick(), IDLE_INTERVAL_MS);
    this.#schedule();
  }

  submit(message: SpansMessage): void {
    this.#pending.push(message);
    this.#schedule();
  }

  /** Stores what has been submitted, then closes the file. */
  stop(): void {
    clearInterval(this.#timer);
    while (this.#pending.length > 0) this.#storeGroup();
    this.#isStopped = true;
    this.#db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#db.close();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.#isStopped) this.#turn();
    });
  }

  /** Age alone can make traces due, and a log file that nobody adds to should not stay large. */
  #tick(): void {
    this.#schedule();
    if (!this.#hasWritten || this.#pending.length > 0) return;
    this.#hasWritten = false;
    try {
      // Where a reader is in the way this does nothing, and the next commit does it.
      this.#db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (error) {
      this.#problems.error("cannot write the log back", { error: errorText(error) });
    }
  }

  #turn(): void {
    if (this.#pending.length > 0) this.#storeGroup();
    const hasMoreToEvict = this.#evictSlice();
    if (this.#pending.length > 0 || hasMoreToEvict) this.#schedule();
  }

  #storeGroup(): void {
    const group: Decoded[] = [];
    let bytes = 0;
    while (bytes < MAX_GROUP_BYTES) {
      const message = this.#pending.shift();
      if (message === undefined) break;
      bytes += message.bytes.byteLength;
      const request = this.#decode(message);
      if (request === null) continue;
      const traceIds = message.encoding === "file" ? traceIdsOf(request) : [];
      group.push({ id: message.id, request, traceIds });
    }
    if (group.length === 0) return;
    try {
      const results = this.#writer.insertAll(group.map(({ request }) => request));
      this.#hasWritten = true;
      results.forEach((result, i) => {
        const entry = group[i];
        if (entry === undefined) return;
        const { id, traceIds } = entry;
        this.#post({ type: "stored", id, result, traceIds });
      });
    } catch (error) {
      this.#problems.error("cannot store spans", { error: errorText(error) });
      for (const { id } of group) {
        this.#post({ type: "refused", id, code: "unavailable", message: "cannot store spans now" });
      }
    }
  }

  #decode(message: SpansMessage): readonly OtlpResourceSpans[] | null {
    try {
      return decode(message.encoding, message.bytes);
    } catch (error) {
      const isKnown = isAisError(error);
      if (!isKnown) this.#problems.error("cannot decode a request", { error: errorText(error) });
      this.#post({
        type: "refused",
        id: message.id,
        code: isKnown ? error.code : "internal",
        message: isKnown ? error.message : "cannot decode the request",
      });
      return null;
    }
  }

  /** True when there is more to evict. */
  #evictSlice(): boolean {
    const end = performance.now() + EVICT_SLICE_MS;
    let evicted = 0;
    let more = true;
    try {
      while (more && performance.now() < end) {
        const step = this.#evictor.step();
        if (step.idsRemoved) this.#writer.forgetIds();
        evicted += step.spans;
        more = step.more;
      }
    } catch (error) {
      // The timer tries again; until then the store is over its limit, and the log says so.
      this.#problems.error("cannot evict old traces", { error: errorText(error) });
      more = false;
    }
    if (evicted > 0) {
      this.#hasWritten = true;
      this.#post({ type: "evicted", spans: evicted });
    }
    return more;
  }
}

function decode(encoding: Encoding, bytes: Uint8Array): readonly OtlpResourceSpans[] {
  if (encoding === "protobuf") return decodeExportRequest(bytes);
  return encoding === "json" ? decodeExportJson(parseJson(bytes)) : decodeTraceFile(parseJsonLines(bytes));
}

function traceIdsOf(request: readonly OtlpResourceSpans[]): string[] {
  const ids = new Set<string>();
  for (const { scopeSpans } of request) {
    for (const { spans } of scopeSpans) {
      for (const { traceId } of spans) {
        if (ids.size < MAX_FILE_TRACE_IDS) ids.add(traceId);
      }
    }
  }
  return [...ids];
}

/** A document, or one a line, as the file exporter of OpenTelemetry's Collector writes them. */
function parseJsonLines(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    const lines = new TextDecoder()
      .decode(bytes)
      .split("\n")
      .filter((line) => line.trim() !== "");
    const [first = ""] = lines;
    if (lines.length < 2 || !first.trimEnd().endsWith("}")) throw error;
    return lines.map((line) => parseJson(new TextEncoder().encode(line)));
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AisError("badRequest", `failed to parse the request as JSON: ${errorText(cause)}`, { cause });
  }
}
