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

/** Of one job; those that were done first are forgotten first, and stay until the share has passed them. */
const DONE_NAMES_MAX = 10_000;

const KINDS: readonly JobKind[] = ["copy-bck", "copy-listrange", "delete-listrange", "move-bck"];

export class ShareHolds {
  readonly #jobs: Pick<JobDirectory, "list" | "reload">;
  readonly #nodeId: string;
  /** Begins when the one under way has ended, so that it sees what whoever waits for it has done before. */
  #next: Promise<readonly JobEntry[]> | null = null;
  #running: Promise<unknown> = Promise.resolve();
  /** By job and name, when what the share here has done was written. */
  readonly #done = new Map<string, Map<string, bigint>>();
  /** Ids of open jobs. */
  readonly #crossed = new Set<string>();

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

  /**
   * The share here has done its work on the object, though it has not passed its name: it may go. Else two shares could wait for
   * each other, each with an object that the other one has to do in its newest form.
   */
  done(jobId: string, { uname }: Pick<ObjectKey, "uname">, createdNs: bigint): void {
    const names = this.#done.get(jobId) ?? new Map<string, bigint>();
    if (names.size === 0) this.#forgetEnded();
    this.#done.set(jobId, names);
    names.delete(uname);
    names.set(uname, createdNs);
    for (const oldest of names.keys()) {
      if (names.size <= DONE_NAMES_MAX) break;
      names.delete(oldest);
    }
  }

  /** An object that the job is about was on its way from here when the job began: its owner's share may have passed it before it came. */
  noteCrossed(jobId: string): void {
    this.#forgetEnded();
    this.#crossed.add(jobId);
  }

  /** Whether that is so since the last call. */
  takeCrossed(jobId: string): boolean {
    return this.#crossed.delete(jobId);
  }

  #forgetEnded(): void {
    const open = new Set(this.#jobs.list().flatMap(({ record }) => (record.end === null ? [record.id] : [])));
    for (const id of this.#done.keys()) if (!open.has(id)) this.#done.delete(id);
    for (const id of this.#crossed) if (!open.has(id)) this.#crossed.delete(id);
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

  #holds({ record, shares }: JobEntry, key: ObjectKey, createdNs: bigint): boolean {
    const { bucketId, objectName, uname } = key;
    if (record.end !== null || !KINDS.includes(record.kind)) return false;
    if (record.from?.bid !== bucketId.toString() || !record.targets.includes(this.#nodeId)) return false;
    // What was written since is no concern of a job that leaves the bucket there.
    if (record.kind !== "move-bck" && createdNs > BigInt(record.startedNs)) return false;
    const args = record.args as CopyMsg | MultiObjectMsg | null;
    if (args !== null && !isSelected(args.selection, objectName)) return false;
    const share = shares.get(this.#nodeId);
    if (share === undefined || !isOfThisRound(record, share)) return true;
    if (isShareOver(record, share)) return false;
    if (createdNs <= (this.#done.get(record.id)?.get(uname) ?? -1n)) return false;
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
