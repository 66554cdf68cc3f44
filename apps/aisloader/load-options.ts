import type { JsonObject } from "@ais/client/json-view.ts";
import { aisBucket, type Bck } from "@ais/wire/bck.ts";
import type { ChecksumType } from "@ais/wire/checksum.ts";
import type { Naming } from "./workload/object-names.ts";
import type { SizeRange } from "./workload/object-sizes.ts";

/**
 * `proxy`: every request goes to the endpoint and is redirected. `random-proxy`: to any proxy of the cluster. `direct`:
 * straight to the target that owns the object by the cluster map that was current when the load began.
 */
export type Route = "proxy" | "random-proxy" | "direct";

/** A run, checked and complete. */
export interface LoadOptions {
  /** `http://host:port` of a proxy. */
  readonly endpoint: string;
  readonly bucket: Bck;
  /** Set on the bucket before the load; null leaves it as it is. */
  readonly bucketProps: JsonObject | null;
  /** Destroy the bucket afterwards; of a bucket that is not AIStore's own, delete what was put. */
  readonly cleanup: boolean;
  /** Requests in flight. */
  readonly workers: number;
  /** Infinite: until another limit or an interruption. 0: no load, only what `cleanup` says. */
  readonly durationMs: number;
  /** Share of PUT among all operations, the rest are GET. */
  readonly putPercent: number;
  /** Share of GET that are followed by a PUT of the same name and size. */
  readonly updatePercent: number;
  /** Passes over the objects that are found at the start; 0 reads at random. */
  readonly epochs: number;
  /** The run ends before it puts one more; 0 is no limit. */
  readonly maxPuts: number;
  /** The run ends when this is reached; 0 is no limit. */
  readonly totalPutBytes: number;
  readonly seed: number;
  readonly sizes: SizeRange;
  readonly naming: Naming;
  /** Sent with every PUT, for the target to check; `none` sends none. */
  readonly checksumType: ChecksumType;
  /** Compute the checksum of what is read and compare it with the one in the reply. */
  readonly verifyChecksum: boolean;
  readonly readOffsetBytes: number;
  /** 0 reads to the end. */
  readonly readLengthBytes: number;
  /** Text file with names of objects to read, one a line; empty lists the bucket. */
  readonly fileList: string;
  readonly route: Route;
  /** Of one exchange with one server; infinite waits for ever. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Share of requests that get a sampled trace context. */
  readonly traceRatio: number;
  /** How many of those the summary names. */
  readonly slowestCount: number;
}

const KIB = 1024;

const DEFAULTS: LoadOptions = {
  endpoint: "http://localhost:8080",
  bucket: aisBucket("aisloader"),
  bucketProps: null,
  cleanup: false,
  workers: 10,
  durationMs: 10_000,
  putPercent: 0,
  updatePercent: 0,
  epochs: 0,
  maxPuts: 0,
  totalPutBytes: 0,
  seed: 1,
  sizes: { minBytes: 4 * KIB, maxBytes: 4 * KIB, distribution: "uniform" },
  naming: { subdirectory: "", subdirectoryCount: 0, random: true, loaderId: 0, loaderCount: 0 },
  checksumType: "xxhash",
  verifyChecksum: false,
  readOffsetBytes: 0,
  readLengthBytes: 0,
  fileList: "",
  route: "proxy",
  timeoutMs: 600_000,
  intervalMs: 10_000,
  traceRatio: 0,
  slowestCount: 10,
};

/** A run for programs: 4 KiB objects for ten seconds, and whatever is given otherwise. */
export function loadOptions(given: Partial<LoadOptions>): LoadOptions {
  return { ...DEFAULTS, ...given };
}
