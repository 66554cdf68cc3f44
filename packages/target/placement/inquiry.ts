/** Questions of an object's owner to the other targets that may hold something of it, by one cluster map and under one span. */
import { AisError, errorText } from "@ais/base/errors.ts";
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import { callPeer, type PeerCaller } from "@ais/node/peer-client.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import type { Span } from "@ais/tracing/types.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { type ClaimReply, type ObjectClaim, parseClaimReply } from "@ais/wire/object-claim.ts";
import { holdingTargets, outOfService } from "@ais/wire/rmd.ts";
import { nodeName, type Snode } from "@ais/wire/smap.ts";
import type { isAlive } from "./is-alive.ts";

export interface Question {
  readonly path: string;
  readonly timeoutMs: number;
  readonly range: Pick<ObjectClaim, "newerThanNs" | "notNewerThanNs" | "looksOnly">;
}

export interface Answer {
  readonly node: Snode;
  readonly found: boolean;
  /** Of what is still there; 0 otherwise. */
  readonly createdNs: bigint;
  /** Null when it answered, or does not run. */
  readonly failure: string | null;
}

export interface InquiryParts {
  readonly caller: PeerCaller;
  readonly nodeId: string;
  /** Of a node that is out of service for good. */
  readonly isAlive: typeof isAlive;
}

export class Inquiry {
  readonly snapshot: ClusterSnapshot;
  /** Every other target that may hold objects. */
  readonly others: readonly Snode[];
  readonly #parts: InquiryParts;
  readonly #span: Span;

  constructor(parts: InquiryParts, snapshot: ClusterSnapshot, span: Span) {
    const { smap, rmd } = snapshot;
    this.#parts = parts;
    this.snapshot = snapshot;
    this.others = holdingTargets(smap, rmd).filter((node) => node.daemon_id !== parts.nodeId);
    this.#span = span;
  }

  /** One answer a node; never rejects. */
  async ask(
    key: ObjectKey,
    { path, timeoutMs, range }: Question,
    nodes: readonly Snode[],
  ): Promise<readonly Answer[]> {
    const claim: ObjectClaim = {
      uname: key.uname,
      bid: key.bucketId.toString(),
      smapVersion: this.snapshot.smap.version,
      ...range,
    };
    return Promise.all(
      nodes.map(async (node): Promise<Answer> => {
        const nothing = { node, found: false, createdNs: 0n, failure: null };
        if (await this.#isGone(node)) return nothing;
        try {
          const { found, createdNs = "0" } = await this.#askOne(node, path, claim, timeoutMs);
          return { node, found, createdNs: BigInt(createdNs), failure: null };
        } catch (error) {
          return { ...nothing, failure: errorText(error) };
        }
      }),
    );
  }

  /**
   * A node in maintenance whose objects were never handed over is in the cluster map whether it runs or not. While it runs it is
   * asked like any other; else what it has is out of reach, as of a node that has left the map, and comes back with it.
   */
  async #isGone(node: Snode): Promise<boolean> {
    if (outOfService(this.snapshot.rmd, node.daemon_id)?.final !== true) return false;
    return !(await this.#parts.isAlive(node, this.#span, this.#parts.caller));
  }

  async #askOne(node: Snode, path: string, claim: ObjectClaim, timeoutMs: number): Promise<ClaimReply> {
    const { caller, nodeId } = this.#parts;
    const headers = { [HEADERS.contentType]: CONTENT_TYPES.json, [HEADERS.callerId]: nodeId };
    const request = { method: "POST", path, headers, body: encodeJson(claim), timeoutMs };
    const { status, body } = await callPeer(node, request, this.#span, caller);
    const text = new TextDecoder().decode(body);
    if (status === 200) return parseClaimReply(text);
    throw new AisError("unavailable", `${nodeName(node)} answered ${status}: ${text.trim().slice(0, 500)}`);
  }
}

/** Throws `unavailable` when one of those that matter did not answer. */
export function requireAnswers(
  { bucketName, objectName }: ObjectKey,
  answers: readonly Answer[],
  matters: (id: string) => boolean,
): void {
  const failed = answers.find(({ node, failure }) => failure !== null && matters(node.daemon_id));
  if (failed === undefined) return;
  throw new AisError(
    "unavailable",
    `another target may have "${bucketName}/${objectName}": ${failed.failure}`,
  );
}
