/**
 * How nodes of one cluster know each other's calls (`/v1/intra/…`) from anybody's: by a signature of the call's head with
 * the cluster's own key, which stands in the coordinator. It names caller, called node, method, path, query and time, so a
 * call that was overheard is good for the same call to the same node again, and for `CALL_WINDOW_MS` only. Bodies are
 * streams and are not signed.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "@ais/base/clock.ts";
import { AisError, errorText } from "@ais/base/errors.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import type { Operation } from "@ais/wire/operations.ts";
import { PATHS } from "@ais/wire/paths.ts";
import type { Call, NodeServices } from "./call.ts";
import type { HttpRequest } from "./http/types.ts";

/** Name of the key among the cluster's secrets. */
export const INTRA_SECRET = "intra-cluster";
/** Clocks of nodes differ, and calls take their time; both ways. */
export const CALL_WINDOW_MS = 60_000;
/** Half of SHA-256, as in signatures of trace contexts. */
const MAC_BYTES = 16;
const SIGNATURE = /^1\.([0-9a-z]{1,11})\.([\w-]{22})$/;
const INTRA_OPERATION = "intra.";
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

export interface IntraAuthOptions {
  readonly key: Uint8Array;
  readonly nodeId: string;
  readonly clock: Clock;
}

interface SignedCall {
  readonly callerId: string;
  readonly calledId: string;
  readonly method: string;
  /** As in the request line. */
  readonly target: string;
}

export class IntraAuth {
  readonly #options: IntraAuthOptions;
  #refusedCount = 0;

  constructor(options: IntraAuthOptions) {
    this.#options = options;
  }

  /** Calls that were refused, since the start. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** What a call to a peer carries besides. Nothing unless its path is one between nodes: other calls prove nothing. */
  headers(method: string, url: string, calledId: string): Readonly<Record<string, string>> {
    const { pathname, search } = new URL(url);
    if (!pathname.startsWith(PATHS.intra)) return NO_HEADERS;
    const { nodeId, clock } = this.#options;
    const call = { callerId: nodeId, calledId, method, target: pathname + search };
    const time = Math.floor(clock.nowMs()).toString(36);
    return {
      [HEADERS.callerId]: nodeId,
      [HEADERS.intraSignature]: `1.${time}.${this.#mac(call, time).toString("base64url")}`,
    };
  }

  /** Throws `unauthorized` unless a node of this cluster made the call, for this node, just now. */
  verify(request: Pick<HttpRequest, "method" | "rawPath" | "rawQuery" | "header">): void {
    const why = this.#fault(request);
    if (why === null) return;
    this.#refusedCount += 1;
    throw new AisError("unauthorized", `a call between nodes ${why}`);
  }

  #fault(request: Parameters<IntraAuth["verify"]>[0]): string | null {
    const { nodeId, clock } = this.#options;
    const { method, rawPath, rawQuery } = request;
    const signature = request.header(SIGNATURE_HEADER);
    if (signature === null) return "is not signed";
    const [, time = "", mac = ""] = SIGNATURE.exec(signature) ?? [];
    if (mac === "") return "has a malformed signature";
    const target = rawQuery === "" ? rawPath : `${rawPath}?${rawQuery}`;
    const call = { callerId: request.header(CALLER_HEADER) ?? "", calledId: nodeId, method, target };
    // The text may be anybody's, so it is compared in constant time before it says anything.
    if (!timingSafeEqual(this.#mac(call, time), Buffer.from(mac, "base64url")))
      return "has a wrong signature";
    const ageMs = Math.floor(clock.nowMs()) - Number.parseInt(time, 36);
    if (Math.abs(ageMs) <= CALL_WINDOW_MS) return null;
    return `was signed ${ageMs} ms ago, expecting at most ${CALL_WINDOW_MS}: do the nodes' clocks differ?`;
  }

  /** Neither an id nor a request line nor a time can hold a line feed, so no two calls make the same text. */
  #mac({ callerId, calledId, method, target }: SignedCall, time: string): Buffer {
    const text = `${time}\n${callerId}\n${calledId}\n${method}\n${target}`;
    return createHmac("sha256", this.#options.key).update(text).digest().subarray(0, MAC_BYTES);
  }
}

const SIGNATURE_HEADER = HEADERS.intraSignature.toLowerCase();
const CALLER_HEADER = HEADERS.callerId.toLowerCase();

/** The pipeline's stage *authenticate*, as long as clients need not say who they are. */
export function requireNode(
  { operation, request, span }: Call,
  { intraAuth, logger }: Pick<NodeServices, "intraAuth" | "logger">,
): void {
  if (!isBetweenNodes(operation)) return;
  try {
    intraAuth.verify(request);
  } catch (error) {
    const fields = { operation, from: request.remoteAddress, error: errorText(error) };
    logger.log("warn", "refused a call between nodes", fields, span);
    throw error;
  }
}

function isBetweenNodes(operation: Operation): boolean {
  return operation.startsWith(INTRA_OPERATION);
}
