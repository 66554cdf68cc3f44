/**
 * Objects that must stay where they are for now. Shares of a job go through the objects of their targets in an order of their
 * own: one that moves from a target whose share has yet to come to it to one whose share has passed its name would be left
 * out by both, and lost with the old bucket of a rename. So it stays until the share here has passed it.
 */
import type { JobDirectory, JobEntry } from "@ais/cluster/jobs/job-directory.ts";
import { isOfThisRound, isShareOver } from "@ais/cluster/jobs/job-record.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import type { JobKind } from "@ais/wire/jobs/job-kinds.ts";
import type { CopyMsg, MultiObjectMsg } from "@ais/wire/jobs/job-messages.ts";
import { prunes } from "./copy-objects.ts";
import { stageOf } from "./in-turn.ts";
import { hasPassed, isSelected } from "./object-source.ts";

const KINDS: readonly JobKind[] = ["copy-bck", "copy-listrange", "delete-listrange", "move-bck"];

export class ShareHolds {
  readonly #jobs: Pick<JobDirectory, "list" | "reload">;
  readonly #nodeId: string;
  /** Begins when the one under way has ended, so that it sees what whoever waits for it has done before. */
  #next: Promise<readonly JobEntry[]> | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(jobs: Pick<JobDirectory, "list" | "reload">, nodeId: string) {
    this.#jobs = jobs;
    this.#nodeId = nodeId;
  }

  /** The id of a job whose share here has yet to come to the object, as far as this node knows; null without one. */
  known(key: ObjectKey, createdNs: bigint): string | null {
    return this.#find(this.#jobs.list(), key, createdNs);
  }

  /** The same of all jobs that were begun before the call. Throws when the coordinator does not answer. */
  async certain(key: ObjectKey, createdNs: bigint): Promise<string | null> {
    return this.#find(await this.#reload(), key, createdNs);
  }

  /** Calls of one moment share one question. */
  #reload(): Promise<readonly JobEntry[]> {
    if (this.#next !== null) return this.#next;
    const next = this.#running.then(() => {
      this.#next = null;
      return this.#jobs.reload("");
    });
    this.#next = next;
    this.#running = next.catch(() => null);
    return next;
  }

  #find(entries: readonly JobEntry[], key: ObjectKey, createdNs: bigint): string | null {
    return entries.find((entry) => this.#holds(entry, key, createdNs))?.record.id ?? null;
  }

  #holds({ record, shares }: JobEntry, { bucketId, objectName }: ObjectKey, createdNs: bigint): boolean {
    if (record.end !== null || !KINDS.includes(record.kind)) return false;
    if (record.from?.bid !== bucketId.toString() || !record.targets.includes(this.#nodeId)) return false;
    // What was written since is no concern of a job that leaves the bucket there.
    if (record.kind !== "move-bck" && createdNs > BigInt(record.startedNs)) return false;
    const args = record.args as CopyMsg | MultiObjectMsg | null;
    if (args !== null && !isSelected(args.selection, objectName)) return false;
    const share = shares.get(this.#nodeId);
    if (share === undefined || !isOfThisRound(record, share)) return true;
    if (isShareOver(record, share)) return false;
    const cursor = copyCursor(args, share.cursor);
    return cursor !== null && (args === null || !hasPassed(args.selection, cursor, objectName));
  }
}

/** Of the work on the bucket's own objects; null when that is over. */
function copyCursor(args: CopyMsg | MultiObjectMsg | null, cursor: string): string | null {
  if (args === null || !("synchronize" in args) || !prunes(args)) return cursor;
  const at = stageOf(cursor);
  return at.index === 0 ? at.cursor : null;
}
