/** What the workers of a node need of its main process, by role: proxies have no mountpaths and no listings. */
import { AisError } from "@ais/base/errors.ts";
import type { SpanContext } from "@ais/tracing/types.ts";
import type { Bck } from "@ais/wire/bck.ts";
import type { HttpHandler } from "../http/types.ts";
import type { HandedOver, ObjectName, RecentRead } from "./protocol.ts";

/** Told by workers. What fails in it is the main process's to log. */
export interface RoleHost {
  /** Serves what workers relay. */
  readonly handler: HttpHandler;
  /** Of locks that a worker must hold until it has ended. */
  readonly lockDescriptors: readonly number[];
  /** No record names the file any more, and its mark is gone. */
  retire(mountpath: string, fileId: bigint, cause: SpanContext | null): void;
  expedite(mountpath: string): Promise<void>;
  jobObject(jobId: string, bytes: number): void;
  listed(id: string, bucket: Bck, bid: string, objectCount: number): void;
  /** Reads of objects whose bucket evicts what was not read for long. */
  recentReads(reads: readonly RecentRead[]): void;
  /** Resolves when the object is at its owner. */
  handOver(name: ObjectName): Promise<HandedOver>;
  /** Resolves when no transfer of the object that began before deletes it here. */
  keepObject(uname: string): Promise<void>;
  /** A worker has ended; `runs` are those of its object files, by mountpath. */
  workerEnded(runs: ReadonlyMap<string, number>): void;
}

export interface WorkerHost extends RoleHost {
  log(lines: string): void;
}

/** For a role without objects. */
export function plainHost(handler: HttpHandler): RoleHost {
  return {
    handler,
    lockDescriptors: [],
    retire() {},
    expedite: async () => {},
    jobObject() {},
    listed() {},
    recentReads() {},
    handOver: () => Promise.reject(new AisError("internal", "there are no objects here")),
    keepObject: async () => {},
    workerEnded() {},
  };
}
