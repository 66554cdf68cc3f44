/**
 * What the owner of an object does while placement is not settled, when a part of its objects is at other targets still:
 * it fetches what it lacks, and has deleted what it deletes.
 */
import { AisError, errorText } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import { callPeer, type PeerCaller } from "@ais/node/peer-client.ts";
import { withSpan } from "@ais/storage/failed-span.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import type { Span } from "@ais/tracing/types.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { type ObjectClaim, parseClaimReply } from "@ais/wire/object-claim.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { holdingTargets, isSettled, outOfService, type Rmd, unsettledTargets } from "@ais/wire/rmd.ts";
import { nodeName, type Smap, type Snode } from "@ais/wire/smap.ts";
import { isAlive } from "./is-alive.ts";

export interface ClaimParts {
  readonly member: ClusterMember;
  readonly caller: PeerCaller;
  readonly nodeId: string;
}

/** An object that is handed over may be large. */
const HAND_OVER_MAX_MS = 10 * 60_000;
const DROP_MAX_MS = 60_000;
/** Names known to be here in their newest form, so that a target that has just come back does not ask for them again. */
const FRESH_NAMES_MAX = 10_000;

const SPAN = { fetch: "ais.object.fetch", drop: "ais.object.drop" } as const;
const ATTRIBUTE = {
  asked: "ais.object.asked",
  found: "ais.object.found",
  /** Another request asks, and its spans tell of it. */
  shared: "ais.object.shared",
} as const;

export class Claims implements Disposable {
  readonly #parts: ClaimParts;
  readonly #fetches = new Map<string, Promise<boolean>>();
  readonly #fresh = new Set<string>();

  readonly #unsubscribe: () => void;

  constructor(parts: ClaimParts) {
    this.#parts = parts;
    // Nothing is outdated any more; or this target may have been away once more.
    this.#unsubscribe = parts.member.onChange(({ document, after }) => {
      if (document === "smap" || isSettled(after)) this.#fresh.clear();
      // What those under way will have found is of the time before.
      if (document === "smap") this.#fetches.clear();
    });
  }

  /** This target came (back) and does not have everything that was written without it: what it holds may be outdated. */
  get isOutdated(): boolean {
    const { member, nodeId } = this.#parts;
    const { smap, rmd } = member.snapshot;
    return unsettledTargets(smap, rmd).includes(nodeId);
  }

  isFresh(uname: string): boolean {
    return this.#fresh.has(uname);
  }

  /** `asOf` is the cluster map that was there when it was found out; by a newer one nothing is known. */
  noteFresh(uname: string, asOf: Smap): void {
    const { smap, rmd } = this.#parts.member.snapshot;
    if (smap !== asOf || isSettled({ smap, rmd })) return;
    // Set again, so that the oldest goes first.
    this.#fresh.delete(uname);
    this.#fresh.add(uname);
    for (const oldest of this.#fresh) {
      if (this.#fresh.size <= FRESH_NAMES_MAX) break;
      this.#fresh.delete(oldest);
    }
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
  }

  /**
   * Has every other target send what it has of the object that is newer than `newerThanNs`. True when one had it: it is
   * here then. Throws `unavailable` when none had it and one that runs did not answer.
   */
  fetch(key: ObjectKey, newerThanNs: bigint, span: Span): Promise<boolean> {
    const underWay = this.#fetches.get(key.uname);
    if (underWay !== undefined)
      return withSpan(span, SPAN.fetch, (wait) => {
        wait.set(ATTRIBUTE.shared, true);
        return underWay;
      });
    const range = { newerThanNs: newerThanNs.toString() };
    const fetching = this.#ask(SPAN.fetch, PATHS.intraHandOver, HAND_OVER_MAX_MS, key, range, span);
    this.#fetches.set(key.uname, fetching);
    const forget = (): void => {
      if (this.#fetches.get(key.uname) === fetching) this.#fetches.delete(key.uname);
    };
    fetching.then(forget, forget);
    return fetching;
  }

  /**
   * No other target that runs has the object when this resolves, unless it was written after `notNewerThanNs`: that one is on
   * its way here. True when one had it. Throws `unavailable` unless all answered.
   */
  drop(key: ObjectKey, span: Span, notNewerThanNs?: bigint): Promise<boolean> {
    const limit = notNewerThanNs === undefined ? {} : { notNewerThanNs: notNewerThanNs.toString() };
    return this.#ask(SPAN.drop, PATHS.intraDrop, DROP_MAX_MS, key, { newerThanNs: "0", ...limit }, span);
  }

  async #ask(
    name: string,
    path: string,
    timeoutMs: number,
    key: ObjectKey,
    range: Pick<ObjectClaim, "newerThanNs" | "notNewerThanNs">,
    parent: Span,
  ): Promise<boolean> {
    const { member, nodeId } = this.#parts;
    const { smap, rmd } = member.snapshot;
    const peers = holdingTargets(smap, rmd).filter((node) => node.daemon_id !== nodeId);
    const claim: ObjectClaim = {
      uname: key.uname,
      bid: key.bucketId.toString(),
      smapVersion: smap.version,
      ...range,
    };
    const span = parent.child(name);
    const under = span.recording ? span : parent;
    const answers = await Promise.all(
      peers.map(async (node) => {
        if (await this.#isGone(node, rmd, under)) return { found: false, failure: null };
        try {
          return { found: await this.#askOne(node, path, claim, timeoutMs, under), failure: null };
        } catch (error) {
          return { found: false, failure: errorText(error) };
        }
      }),
    );
    const found = answers.some((answer) => answer.found);
    const failure = answers.find((answer) => answer.failure !== null)?.failure ?? null;
    span.set(ATTRIBUTE.asked, peers.length);
    span.set(ATTRIBUTE.found, found);
    if (failure !== null) span.fail("unavailable", failure);
    span.end();
    if (failure !== null && !(found && path === PATHS.intraHandOver))
      throw new AisError(
        "unavailable",
        `another target may have "${key.bucketName}/${key.objectName}": ${failure}`,
      );
    return found;
  }

  /**
   * A node in maintenance whose objects were never handed over is in the cluster map whether it runs or not. While it runs it is
   * asked like any other; else what it has is out of reach, as of a node that has left the map, and comes back with it.
   */
  async #isGone(node: Snode, rmd: Rmd, span: Span): Promise<boolean> {
    if (outOfService(rmd, node.daemon_id)?.final !== true) return false;
    return !(await isAlive(node, span, this.#parts.caller));
  }

  async #askOne(
    node: Snode,
    path: string,
    claim: ObjectClaim,
    timeoutMs: number,
    span: Span,
  ): Promise<boolean> {
    const { caller, nodeId } = this.#parts;
    const headers = { [HEADERS.contentType]: CONTENT_TYPES.json, [HEADERS.callerId]: nodeId };
    const request = { method: "POST", path, headers, body: encodeJson(claim), timeoutMs };
    const { status, body } = await callPeer(node, request, span, caller);
    const text = new TextDecoder().decode(body);
    if (status === 200) return parseClaimReply(text).found;
    throw new AisError("unavailable", `${nodeName(node)} answered ${status}: ${text.trim().slice(0, 500)}`);
  }
}
