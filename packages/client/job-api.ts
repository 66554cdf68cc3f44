import { actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS, type Action } from "@ais/wire/actions.ts";
import { type Bck, bucketUname } from "@ais/wire/bck.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { findJobKind, jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { bucketPath, PATHS } from "@ais/wire/paths.ts";
import { type PromoteArgs, promoteMessage } from "@ais/wire/promote.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import { bucketQuery } from "./bucket-query.ts";
import type { Caller } from "./caller.ts";
import { asJsonObject, type JsonObject, numberAt, textAt } from "./json-view.ts";
import { readText } from "./transport.ts";

/** Which jobs; members left out do not matter. */
export interface JobSelector {
  readonly id?: string;
  /** Kind or display name. */
  readonly kind?: string;
  readonly bucket?: Bck;
  readonly onlyRunning?: boolean;
}

export interface JobStatus {
  readonly id: string;
  readonly kind: string;
  readonly error: string;
  readonly hasEnded: boolean;
  readonly isAborted: boolean;
}

/** One target's share of a job. */
export interface JobSnap {
  readonly targetId: string;
  readonly id: string;
  readonly kind: string;
  /** Names such as `src`, empty where there is none. */
  readonly bucket: string;
  readonly destination: string;
  /** RFC 3339. */
  readonly startTime: string;
  /** Empty while it runs. */
  readonly endTime: string;
  readonly objects: number;
  readonly bytes: number;
  /** Of `objects`, those that went to other targets, and what came from them. */
  readonly sentObjects: number;
  readonly sentBytes: number;
  readonly receivedObjects: number;
  readonly receivedBytes: number;
  readonly isIdle: boolean;
  readonly isAborted: boolean;
  readonly error: string;
  readonly message: string;
}

export interface StartOptions {
  readonly force?: boolean;
  /** Bits of `JOB_FLAGS`. */
  readonly flags?: number;
}

export interface CopyOptions {
  readonly names?: readonly string[];
  readonly template?: string;
  readonly prefix?: string;
  readonly prepend?: string;
  readonly extensions?: Readonly<Record<string, string>>;
  readonly dryRun?: boolean;
  /** Of a bucket: what the source does not have is deleted at the destination. */
  readonly synchronize?: boolean;
  readonly nonRecursive?: boolean;
  readonly continueOnError?: boolean;
  readonly workerCount?: number;
}

export interface BucketSummary {
  readonly objectCount: number;
  readonly totalBytes: number;
  readonly smallestBytes: number;
  readonly largestBytes: number;
  readonly usedPercent: number;
}

const ZERO_TIME = "0001-01-01T00:00:00Z";
/** Polls begin at this and become rarer. */
const POLL_START_MS = 50;
const POLL_MAX_MS = 1000;

/** Jobs (wire-compat 6), and the calls that start them. */
export class JobApi {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** The id of the job; of all buckets where none is named. */
  start(kind: string, buckets: readonly Bck[] = [], options: StartOptions = {}): Promise<string> {
    const { force = false, flags = 0 } = options;
    return this.#clusterAction(ACTIONS.start, {
      Kind: kind,
      ...(buckets.length === 1 ? { Bck: buckets[0] } : {}),
      ...(buckets.length > 1 ? { Buckets: buckets } : {}),
      ...(force ? { Force: true } : {}),
      ...(flags === 0 ? {} : { flags }),
    });
  }

  /** With `force` also a rebalance that a node waits for to go. */
  async stop(selector: JobSelector, force = false): Promise<void> {
    const { id = "", kind = "", bucket } = selector;
    await this.#clusterAction(ACTIONS.stop, {
      ID: id,
      Kind: kind,
      ...(bucket === undefined ? {} : { Bck: bucket }),
      ...(force ? { Force: true } : {}),
    });
  }

  deleteObjects(bucket: Bck, options: CopyOptions): Promise<string> {
    return this.#bucketAction("DELETE", bucket, ACTIONS.deleteObjects, selection(options));
  }

  /** A whole bucket or the objects of one prefix. */
  copyBucket(from: Bck, to: Bck, options: CopyOptions = {}): Promise<string> {
    return this.#bucketAction("POST", from, ACTIONS.copyBucket, copyMessage(options), to);
  }

  /** Objects of a list or a template. */
  copyObjects(from: Bck, to: Bck, options: CopyOptions): Promise<string> {
    const value = { ...copyMessage(options), ...selection(options), tobck: to };
    return this.#bucketAction("POST", from, ACTIONS.copyObjects, value);
  }

  moveBucket(from: Bck, to: Bck): Promise<string> {
    return this.#bucketAction("POST", from, ACTIONS.moveBucket, null, to);
  }

  /** Empty when all was promoted at the reply. */
  async promote(bucket: Bck, args: PromoteArgs): Promise<string> {
    const { source } = args;
    return this.#caller.text({
      method: "POST",
      path: `${PATHS.objects}/${encodeURIComponent(bucket.name)}`,
      query: bucketQuery(bucket),
      headers: { [HEADERS.contentType]: CONTENT_TYPES.json },
      body: encodeJson(actMsg(ACTIONS.promote, promoteMessage(args), source)),
    });
  }

  /** Throws `AisApiError` with status 404 for an id that nobody knows. */
  async status(id: string): Promise<JobStatus> {
    return statusOf(await this.#query(WHAT.status, { id }));
  }

  async statuses(selector: JobSelector = {}): Promise<readonly JobStatus[]> {
    const reply = await this.#query(WHAT.statusAll, selector);
    return Array.isArray(reply) ? reply.map(statusOf) : [];
  }

  async snaps(selector: JobSelector): Promise<readonly JobSnap[]> {
    const reply = asJsonObject(await this.#query(WHAT.queryJobs, selector));
    return Object.entries(reply).flatMap(([targetId, snaps]) =>
      Array.isArray(snaps) ? snaps.map((snap) => snapOf(targetId, snap)) : [],
    );
  }

  /** Resolves with the job's end, or when its work is done if its kind idles; `onPoll` is called at every look. */
  async wait(id: string, onPoll: () => Promise<void>, signal?: AbortSignal): Promise<JobStatus> {
    for (let delayMs = POLL_START_MS; ; delayMs = Math.min(POLL_MAX_MS, delayMs * 1.5)) {
      const status = await this.status(id);
      await onPoll();
      if (status.hasEnded || (await this.#idles(status))) return status;
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => setTimeout(resolve, delayMs));
      signal?.throwIfAborted();
    }
  }

  /** Of one bucket; polls until every target has answered. */
  async summary(bucket: Bck, prefix = ""): Promise<BucketSummary> {
    const path = bucketPath(bucket.name);
    const query = bucketQuery(bucket);
    let uuid = "";
    for (let delayMs = POLL_START_MS; ; delayMs = Math.min(POLL_MAX_MS, delayMs * 1.5)) {
      const body = encodeJson(actMsg(ACTIONS.summaryBucket, { uuid, prefix, cached: true, present: true }));
      const headers = { [HEADERS.contentType]: CONTENT_TYPES.json };
      const response = await this.#caller.send({ method: "GET", path, query, headers, body });
      const text = await readText(response);
      if (response.status === 200) return summaryOf(JSON.parse(text));
      if (uuid === "") uuid = text.trim();
      await new Promise<void>((resolve) => setTimeout(resolve, delayMs));
    }
  }

  /** Such jobs stay a while after their work is done. */
  async #idles({ id, kind }: JobStatus): Promise<boolean> {
    const known = findJobKind(kind);
    if (known === null || jobEntry(known).idles !== true) return false;
    const snaps = await this.snaps({ id });
    return snaps.length > 0 && snaps.every((snap) => snap.isIdle);
  }

  #query(what: string, { id = "", kind = "", bucket, onlyRunning }: JobSelector): Promise<unknown> {
    const body = encodeJson({ id, kind, bck: bucket, show_active: onlyRunning === true ? true : null });
    const headers = { [HEADERS.contentType]: CONTENT_TYPES.json };
    return this.#caller.json({
      method: "GET",
      path: PATHS.cluster,
      query: { [QUERY.what]: what },
      headers,
      body,
    });
  }

  #clusterAction(action: Action, value: JsonObject): Promise<string> {
    return this.#caller.text({
      method: "PUT",
      path: PATHS.cluster,
      headers: { [HEADERS.contentType]: CONTENT_TYPES.json },
      body: encodeJson(actMsg(action, value)),
    });
  }

  #bucketAction(method: string, bucket: Bck, action: Action, value: unknown, to?: Bck): Promise<string> {
    return this.#caller.text({
      method,
      path: bucketPath(bucket.name),
      query: { ...bucketQuery(bucket), ...(to === undefined ? {} : { [QUERY.bucketTo]: bucketUname(to) }) },
      headers: { [HEADERS.contentType]: CONTENT_TYPES.json },
      body: encodeJson(actMsg(action, value)),
    });
  }
}

function selection({
  names = [],
  template = "",
  nonRecursive,
  continueOnError,
  workerCount,
}: CopyOptions): JsonObject {
  return {
    template,
    objnames: names,
    "non-recurs": nonRecursive === true,
    coer: continueOnError === true,
    "num-workers": workerCount ?? 0,
  };
}

function copyMessage(options: CopyOptions): JsonObject {
  const {
    prefix = "",
    prepend = "",
    extensions = {},
    dryRun,
    synchronize,
    nonRecursive,
    continueOnError,
    workerCount,
  } = options;
  return {
    prefix,
    prepend,
    ext: extensions,
    dry_run: dryRun === true,
    synchronize: synchronize === true,
    "non-recurs": nonRecursive === true,
    coer: continueOnError === true,
    "num-workers": workerCount ?? 0,
  };
}

function statusOf(json: unknown): JobStatus {
  return {
    id: textAt(json, "uuid"),
    kind: textAt(json, "kind"),
    error: textAt(json, "err"),
    hasEnded: numberAt(json, "end_time") !== 0,
    isAborted: textAt(json, "aborted") === "true",
  };
}

function snapOf(targetId: string, json: unknown): JobSnap {
  const count = (name: string): number => numberAt(asJsonObject(asJsonObject(json)["stats"]), name);
  const endTime = textAt(json, "end-time");
  // What a target copied to another one is in both figures.
  const worked = (what: "objs" | "bytes"): number => Math.max(count(`loc-${what}`), count(`out-${what}`));
  return {
    targetId,
    id: textAt(json, "id"),
    kind: textAt(json, "kind"),
    bucket: textAt(json, "bck.name") || textAt(json, "src-bck.name"),
    destination: textAt(json, "dst-bck.name"),
    startTime: textAt(json, "start-time"),
    endTime: endTime === ZERO_TIME ? "" : endTime,
    objects: worked("objs"),
    bytes: worked("bytes"),
    sentObjects: count("out-objs"),
    sentBytes: count("out-bytes"),
    receivedObjects: count("in-objs"),
    receivedBytes: count("in-bytes"),
    isIdle: textAt(json, "is_idle") === "true",
    isAborted: textAt(json, "aborted") === "true",
    error: textAt(json, "err") || textAt(json, "abort-err"),
    message: textAt(json, "ctlmsg"),
  };
}

function summaryOf(json: unknown): BucketSummary {
  const first: unknown = Array.isArray(json) ? json[0] : undefined;
  return {
    objectCount: numberAt(first, "ObjCount.obj_count_present"),
    totalBytes: numberAt(first, "TotalSize.size_all_present_objs"),
    smallestBytes: numberAt(first, "ObjSize.obj_min_size"),
    largestBytes: numberAt(first, "ObjSize.obj_max_size"),
    usedPercent: numberAt(first, "used_pct"),
  };
}
