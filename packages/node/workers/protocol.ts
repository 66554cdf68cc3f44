/**
 * What the processes of one node say to each other: the main process, which is the node, and its workers, which serve
 * requests. Everything goes through the runtime's own channel between a process and its child, as structured clones.
 */
import type { DocumentName } from "@ais/cluster/snapshot.ts";
import type { SpanContext, TracingStats } from "@ais/tracing/types.ts";
import type { Bck } from "@ais/wire/bck.ts";
import type { NodeSettings } from "@ais/wire/node-override.ts";
import type { InFlightRequest } from "@ais/wire/requests.ts";
import type { ReplyOutcome } from "../http/types.ts";
import type { MetricsDump } from "../metrics/dump.ts";

/** A question and its answer. One that nobody waits for is answered with null. */
export interface Exchange<Ask, Reply = null> {
  readonly ask: Ask;
  readonly reply: Reply;
}

export interface ToWorker {
  /** Answered when the worker serves. */
  readonly start: Exchange<WorkerStart, WorkerReady>;
  /** Serve what is under way, then end. */
  readonly stop: Exchange<null>;
  readonly figures: Exchange<null, WorkerFigures>;
  readonly inFlight: Exchange<null, readonly InFlightRequest[]>;
  /** Answered when the worker has the document in this version or a newer one. */
  readonly sync: Exchange<{ readonly document: DocumentName; readonly version: string }>;
  /** Of these files those that the worker reads. */
  readonly held: Exchange<
    { readonly mountpath: string; readonly fileIds: readonly bigint[] },
    readonly bigint[]
  >;
  /** Changes under way in a bucket, as a worker that has this version of the BMD sees it. */
  readonly writers: Exchange<{ readonly bucketId: bigint; readonly bmdVersion: string }, number>;
  /** Answered after everything that the worker said before. */
  readonly settle: Exchange<null>;
  readonly exportTraces: Exchange<readonly string[]>;
  /** Of the node's own. */
  readonly takeSettings: Exchange<NodeSettings>;
  /** Of errors only, or all. Answered with what is left. */
  readonly resetStats: Exchange<boolean, WorkerFigures>;
  /** Send finished requests that the query asks for (`watched`). */
  readonly watch: Exchange<{ readonly watch: number; readonly query: string }>;
  readonly unwatch: Exchange<number>;
  /** The next piece of a relayed reply, null at its end; answered when there is room for more, with false when nobody reads. */
  readonly relayPiece: Exchange<{ readonly relay: number; readonly bytes: Uint8Array | null }, boolean>;
}

export interface ToMain {
  /** Now and then, so that little is lost of what a worker counted that is killed. */
  readonly figures: Exchange<WorkerFigures>;
  /** Whole lines of the log. */
  readonly log: Exchange<string>;
  readonly retire: Exchange<{
    readonly mountpath: string;
    readonly fileId: bigint;
    readonly cause: SpanContext | null;
  }>;
  readonly expedite: Exchange<string>;
  /** An object that another target sent for a job. */
  readonly jobObject: Exchange<{ readonly jobId: string; readonly bytes: number }>;
  readonly listed: Exchange<{
    readonly id: string;
    readonly bucket: Bck;
    readonly bid: string;
    readonly objectCount: number;
  }>;
  readonly recentReads: Exchange<readonly RecentRead[]>;
  /** Send the object to its owner: one process of a target does that, so that no two do it at a time. */
  readonly handOver: Exchange<ObjectName, HandedOver>;
  /** Answered when no transfer of the object that began before deletes it here. */
  readonly keepObject: Exchange<string>;
  /** Traces that this worker exports by the tail rule. */
  readonly tailed: Exchange<readonly string[]>;
  /** Answered when there is room for more, with false when nobody watches any more. */
  readonly watched: Exchange<{ readonly watch: number; readonly lines: Uint8Array }, boolean>;
  /** A request that only the main process serves. */
  readonly relay: Exchange<RelayedRequest, RelayedReply>;
  readonly relayGone: Exchange<number>;
  readonly relayDone: Exchange<{ readonly relay: number; readonly outcome: ReplyOutcome }>;
}

export interface WorkerStart {
  /** From 1. */
  readonly number: number;
  /** Processes of the node, the main one included. */
  readonly processCount: number;
  readonly nodeId: string;
  readonly port: number;
  readonly clusterUuid: string;
  readonly verbosity: string;
  readonly settings: NodeSettings;
}

export interface WorkerReady {
  /** By mountpath: ids of the worker's object files are of this run. */
  readonly runs: ReadonlyMap<string, number>;
}

export interface WorkerFigures {
  readonly metrics: MetricsDump;
  readonly tracing: TracingStats;
}

export interface ObjectName {
  readonly bucketId: bigint;
  readonly bucketName: string;
  readonly objectName: string;
  readonly uname: string;
}

/** What became of an object: it is not here, it belongs here, or its owner has it. */
export type HandedOver =
  | { readonly kind: "absent" | "owned" }
  | { readonly kind: "sent"; readonly bytes: number };

export interface RecentRead {
  readonly key: ObjectName;
  /** Since the epoch. */
  readonly atMs: number;
}

export interface RelayedRequest {
  readonly relay: number;
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly remoteAddress: string;
  readonly body: Uint8Array;
}

export interface RelayedReply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: RelayedBody;
  readonly announcedLengthBytes?: number;
}

/** The pieces of a stream come by `relayPiece`. */
export type RelayedBody =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly content: string | Uint8Array }
  | { readonly kind: "pieces" };
