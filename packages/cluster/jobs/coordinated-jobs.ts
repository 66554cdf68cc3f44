/** The jobs of the cluster over its coordinator: writes go there, and a watch brings what other nodes wrote. */
import { AisError, errorText } from "@ais/base/errors.ts";
import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import type { Logger } from "@ais/base/log.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import { CompactedError, type Coordinator, type KeyValue } from "../coordinator/coordinator.ts";
import { inCoordinatorSpan } from "../coordinator-span.ts";
import { isTransient } from "../serial-task.ts";
import { ATTRIBUTE, SPAN } from "../span-names.ts";
import type { JobDirectory, JobEntry } from "./job-directory.ts";
import { encodeJobPart, type JobRecord, type JobShare, parseJobRecord } from "./job-record.ts";
import { JOB_PREFIX, JobTable, jobIdOf, recordKey, shareKey } from "./job-table.ts";

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 1000;
const UPDATE_ATTEMPTS_MAX = 20;
/** What their spans call the jobs, beside the documents. */
const JOBS = "jobs";

export class CoordinatedJobs implements JobDirectory, AsyncDisposable {
  readonly #coordinator: Coordinator;
  readonly #logger: Logger;
  readonly #table = new JobTable();
  readonly #listeners = new Set<(id: string) => void>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  /** Follows the coordinator until it is disposed of, which must be before the coordinator is. */
  constructor(coordinator: Coordinator, logger: Logger) {
    this.#coordinator = coordinator;
    this.#logger = logger;
    this.#watching = this.#follow(this.#stop.signal);
  }

  get sizeChars(): number {
    return this.#table.sizeChars;
  }

  list(): readonly JobEntry[] {
    return this.#table.list();
  }

  get(id: string): JobEntry | null {
    return this.#table.get(id);
  }

  async refresh(id: string, span: Span = NOOP_SPAN): Promise<JobEntry | null> {
    // Ids come from callers; one that cannot be a key is one of no job.
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) return null;
    return inCoordinatorSpan(span.child(SPAN.coordinatorGet), JOBS, async () => {
      const record = await this.#coordinator.get(recordKey(id));
      if (record === null) return null;
      for (const entry of [record, ...(await this.#coordinator.list(`${recordKey(id)}/`))])
        this.#apply(entry);
      return this.#table.get(id);
    });
  }

  async reload(prefix: string, span: Span = NOOP_SPAN): Promise<readonly JobEntry[]> {
    const entries = await inCoordinatorSpan(span.child(SPAN.coordinatorGet), JOBS, () =>
      this.#coordinator.list(JOB_PREFIX + prefix),
    );
    for (const entry of entries) this.#apply(entry);
    const ids = new Set(entries.map(({ key }) => jobIdOf(key)));
    return [...ids].flatMap((id) => this.#table.get(id) ?? []);
  }

  async create(record: JobRecord, span: Span = NOOP_SPAN): Promise<void> {
    const entry = await inCoordinatorSpan(span.child(SPAN.coordinatorUpdate), JOBS, () =>
      this.#coordinator.put(recordKey(record.id), encodeJobPart(record), "absent"),
    );
    if (entry === null) throw new AisError("conflict", `job "${record.id}" exists already`);
    this.#apply(entry);
  }

  update(
    id: string,
    change: (current: JobRecord) => JobRecord | null,
    parent: Span = NOOP_SPAN,
  ): Promise<JobRecord | null> {
    return inCoordinatorSpan(parent.child(SPAN.coordinatorUpdate), JOBS, (span) =>
      this.#update(id, change, span),
    );
  }

  async #update(
    id: string,
    change: (current: JobRecord) => JobRecord | null,
    span: Span,
  ): Promise<JobRecord | null> {
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS_MAX; attempt++) {
      span.set(ATTRIBUTE.attempts, attempt + 1);
      const entry = await this.#coordinator.get(recordKey(id));
      if (entry === null) return null;
      const current = parseJobRecord(entry.value);
      const next = change(current);
      const { revision } = entry;
      const latest =
        next === null ? entry : await this.#coordinator.put(entry.key, encodeJobPart(next), { revision });
      if (latest === null) continue;
      this.#apply(latest);
      return next ?? current;
    }
    throw new AisError(
      "conflict",
      `failed to change job "${id}": ${UPDATE_ATTEMPTS_MAX} attempts met other changes`,
    );
  }

  async putShare(id: string, share: JobShare): Promise<void> {
    const entry = await this.#coordinator.put(shareKey(id, share.nodeId), encodeJobPart(share), "any");
    if (entry !== null) this.#apply(entry);
  }

  async remove(id: string): Promise<void> {
    for (const { key } of await this.#coordinator.list(`${recordKey(id)}/`)) await this.#delete(key);
    await this.#delete(recordKey(id));
  }

  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #delete(key: string): Promise<void> {
    if (await this.#coordinator.delete(key, "any")) this.#notify(this.#table.removed(key));
  }

  /** Goes on through failures of the coordinator and gaps in its history. */
  async #follow(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const revision = await this.#coordinator.revision();
        const entries = await this.#coordinator.list(JOB_PREFIX);
        this.#table.retain(new Set(entries.map(({ key }) => key)));
        for (const entry of entries) this.#apply(entry);
        attempt = 0;
        for await (const event of this.#coordinator.watch(JOB_PREFIX, revision, signal)) {
          if (event.kind === "put") this.#apply(event.entry);
          else this.#notify(this.#table.removed(event.key));
        }
      } catch (error) {
        if (error instanceof CompactedError) continue;
        if (signal.aborted) return;
        // The membership logs a coordinator that cannot be reached; whatever else is wrong is this part's to tell.
        if (!isTransient(error))
          this.#logger.log("error", "failed to follow the jobs of the cluster", { error: errorText(error) });
        await sleep(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS), signal);
      }
    }
  }

  #apply(entry: KeyValue): void {
    let id: string | null;
    try {
      id = this.#table.apply(entry);
    } catch (error) {
      this.#logger.log("error", "ignored a malformed job", { key: entry.key, error: errorText(error) });
      return;
    }
    if (id !== null) this.#notify(id);
  }

  #notify(id: string): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(id);
      } catch (error) {
        this.#logger.log("error", "listener of job changes failed", { job: id, error: errorText(error) });
      }
    }
  }
}
