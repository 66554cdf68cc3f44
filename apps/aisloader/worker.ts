import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import { HttpClient } from "./http/client.ts";
import type { Outcome, Recorder } from "./measure/recorder.ts";
import { getObject, type OperationTools, putObject } from "./object-operations.ts";
import type { Catalog } from "./workload/catalog.ts";
import type { ContentSource } from "./workload/object-content.ts";
import type { GetWork, PutWork, WorkSource } from "./workload/work-source.ts";

export interface WorkerTools extends OperationTools {
  readonly content: ContentSource;
  readonly catalog: Catalog;
  readonly recorder: Recorder;
}

/** A cluster that cannot be reached is not asked again at once: the loader would only count its own failures. */
const BACKOFF_BASE_MS = 20;
const BACKOFF_CAP_MS = 1000;
const UNREACHABLE: ReadonlySet<string> = new Set(["connect", "closed", "timeout"]);

/** One request in flight: does what the source says, one after the other. */
export class LoadWorker {
  readonly client: HttpClient;
  readonly #tools: WorkerTools;
  #failuresInRow = 0;

  constructor(tools: WorkerTools) {
    this.#tools = tools;
    this.client = new HttpClient(tools.options.timeoutMs);
  }

  /** Resolves when the source has ended and the last request is answered. */
  async run(source: WorkSource, signal: AbortSignal): Promise<void> {
    for (let work = source.next(); work !== null; work = source.next()) {
      await (work.kind === "put" ? this.#put(work) : this.#get(work));
      if (this.#failuresInRow > 0) {
        await sleep(backoffMs(this.#failuresInRow - 1, BACKOFF_BASE_MS, BACKOFF_CAP_MS), signal);
      }
    }
  }

  async #put({ name, ordinal, sizeBytes, position }: PutWork): Promise<void> {
    const { content, catalog } = this.#tools;
    const outcome = await putObject(
      this.#tools,
      this.client,
      name,
      content.content(name, 0, sizeBytes),
      position,
    );
    if (outcome?.failure === null) catalog.add(ordinal);
    this.#record(outcome);
  }

  async #get({ name, thenUpdate, position }: GetWork): Promise<void> {
    const outcome = await getObject(this.#tools, this.client, name, position);
    this.#record(outcome);
    if (!thenUpdate || outcome === null || outcome.failure !== null) return;
    // Objects that were put have generation 0.
    const content = this.#tools.content.content(name, position + 1, outcome.bytes);
    this.#record(await putObject(this.#tools, this.client, name, content, position));
  }

  #record(outcome: Outcome | null): void {
    if (outcome === null) return;
    this.#failuresInRow = UNREACHABLE.has(outcome.failure?.kind ?? "") ? this.#failuresInRow + 1 : 0;
    this.#tools.recorder.record(outcome);
  }
}
