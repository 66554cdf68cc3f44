import type { Database } from "bun:sqlite";
import { decodeExportRequest } from "@ais/tracing/otlp/decode.ts";
import { type TempDir, tempDir } from "../aistrace.fixture.ts";
import { encodeSpans, type TestSpan } from "../spans.fixture.ts";
import { openReader, openWriter } from "./open.ts";
import { TraceReader, type TraceSummary } from "./reader.ts";
import type { TraceSearch } from "./search.ts";
import { type InsertResult, SpanWriter } from "./writer.ts";

/** Writer and reader on a real file. */
export class TestStore implements Disposable {
  readonly #dir: TempDir = tempDir();
  readonly db: Database = openWriter(this.#dir.path, 1024 ** 3);
  readonly reader = new TraceReader(openReader(this.#dir.path));
  readonly writer: SpanWriter;
  nowMs = 1_800_000_000_000;

  constructor() {
    this.writer = new SpanWriter(this.db, () => this.nowMs);
  }

  insert(spans: readonly TestSpan[]): InsertResult | undefined {
    return this.writer.insertAll([decodeExportRequest(encodeSpans(spans))])[0];
  }

  summary(traceId: string): TraceSummary | undefined {
    const num = this.reader.find(traceId);
    return num === null ? undefined : this.reader.summaries([num])[0];
  }

  /** Ids of what a search finds, in its order. */
  search(changes: Partial<TraceSearch>): string[] {
    const { traces } = this.reader.search({
      service: "",
      operation: "",
      tags: new Map(),
      errorsOnly: false,
      minDurationNs: 0,
      maxDurationNs: Number.MAX_SAFE_INTEGER,
      startUs: 0,
      endUs: Number.MAX_SAFE_INTEGER,
      order: "latest",
      limit: 100,
      ...changes,
    });
    return this.reader.summaries(traces).map(({ traceId }) => traceId);
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.db.close();
    this.#dir[Symbol.dispose]();
  }
}
