/** The jobs in memory, fed with entries of the coordinator in any order: revisions sort them. */
import type { KeyValue } from "../coordinator/coordinator.ts";
import type { JobEntry } from "./job-directory.ts";
import { type JobRecord, type JobShare, parseJobRecord, parseJobShare } from "./job-record.ts";

export const JOB_PREFIX = "jobs/";

interface Row {
  record: JobRecord | null;
  readonly shares: Map<string, JobShare>;
}

export function recordKey(id: string): string {
  return JOB_PREFIX + id;
}

export function shareKey(id: string, nodeId: string): string {
  return `${JOB_PREFIX}${id}/${nodeId}`;
}

export function jobIdOf(key: string): string {
  return splitKey(key).id;
}

export class JobTable {
  readonly #rows = new Map<string, Row>();
  readonly #revisions = new Map<string, number>();
  readonly #sizes = new Map<string, number>();
  #sizeChars = 0;

  /** Of the JSON of all that is kept. */
  get sizeChars(): number {
    return this.#sizeChars;
  }

  /** The id of the job that changed; null when the entry was known. Throws `internal` when it is malformed. */
  apply({ key, value, revision }: KeyValue): string | null {
    if (revision <= (this.#revisions.get(key) ?? 0)) return null;
    this.#revisions.set(key, revision);
    this.#resize(key, value.length);
    const { id, nodeId } = splitKey(key);
    const row = this.#rows.get(id) ?? { record: null, shares: new Map<string, JobShare>() };
    if (nodeId === "") row.record = parseJobRecord(value);
    else row.shares.set(nodeId, parseJobShare(value));
    this.#rows.set(id, row);
    return id;
  }

  removed(key: string): string {
    this.#revisions.delete(key);
    this.#resize(key, 0);
    const { id, nodeId } = splitKey(key);
    if (nodeId === "") this.#rows.delete(id);
    else this.#rows.get(id)?.shares.delete(nodeId);
    return id;
  }

  #resize(key: string, sizeChars: number): void {
    this.#sizeChars += sizeChars - (this.#sizes.get(key) ?? 0);
    if (sizeChars === 0) this.#sizes.delete(key);
    else this.#sizes.set(key, sizeChars);
  }

  /** Drops what a complete list of the coordinator's keys does not have any more. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of [...this.#revisions.keys()]) if (!keys.has(key)) this.removed(key);
  }

  get(id: string): JobEntry | null {
    const row = this.#rows.get(id);
    return row === undefined || row.record === null ? null : { record: row.record, shares: row.shares };
  }

  list(): readonly JobEntry[] {
    const entries = [...this.#rows.keys()].flatMap((id) => this.get(id) ?? []);
    return entries.sort((left, right) => {
      const order = BigInt(left.record.startedNs) - BigInt(right.record.startedNs);
      return order < 0n ? -1 : order > 0n ? 1 : 0;
    });
  }
}

function splitKey(key: string): { readonly id: string; readonly nodeId: string } {
  const [id = "", nodeId = ""] = key.slice(JOB_PREFIX.length).split("/");
  return { id, nodeId };
}
