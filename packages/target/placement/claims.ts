/**
 * What the owner of an object does while placement is not settled, when a part of its objects is at other targets still:
 * it fetches what it lacks, and has deleted what it deletes.
 */
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { Hrw } from "@ais/hrw/hrw.ts";
import type { PeerCaller } from "@ais/node/peer-client.ts";
import { withSpan } from "@ais/storage/failed-span.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import type { Span } from "@ais/tracing/types.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { isSettled, unsettledTargets } from "@ais/wire/rmd.ts";
import type { Smap, Snode } from "@ais/wire/smap.ts";
import { candidatesFor } from "./candidates.ts";
import { type Answer, Inquiry, type Question, requireAnswers } from "./inquiry.ts";
import { isAlive, SilentNodes } from "./is-alive.ts";

export interface ClaimParts {
  readonly member: ClusterMember;
  readonly caller: PeerCaller;
  readonly hrw: Hrw;
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

/** Who is asked; `candidates` may have the newest form. */
interface Among {
  readonly inquiry: Inquiry;
  readonly others: readonly Snode[];
  readonly candidates: ReadonlySet<string>;
}

export class Claims implements Disposable {
  readonly #parts: ClaimParts;
  readonly #fetches = new Map<string, Promise<boolean>>();
  readonly #fresh = new Set<string>();
  readonly #silent = new SilentNodes();

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
   * The newest form of the object that other targets have is here when this resolves with true; false when none has one that is
   * newer than `newerThanNs`. Throws `unavailable` when one that runs and may have that form does not answer, or none has any
   * and one does not answer: an older one is never taken for the newest, nor a miss for certain.
   */
  fetch(key: ObjectKey, newerThanNs: bigint, span: Span): Promise<boolean> {
    const underWay = this.#fetches.get(key.uname);
    if (underWay !== undefined)
      return withSpan(span, SPAN.fetch, (wait) => {
        wait.set(ATTRIBUTE.shared, true);
        return underWay;
      });
    const fetching = this.#inSpan(SPAN.fetch, span, (inquiry) => this.#fetch(key, newerThanNs, inquiry));
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
    const question = { path: PATHS.intraDrop, timeoutMs: DROP_MAX_MS, range: { newerThanNs: "0", ...limit } };
    return this.#inSpan(SPAN.drop, span, async (inquiry) => {
      const answers = await inquiry.ask(key, question, inquiry.others);
      requireAnswers(key, answers, () => true);
      return answers.some(({ found }) => found);
    });
  }

  /**
   * For the owner, of a form that a rebalance brings from `sender`: where other targets may have kept a newer one, that comes
   * first, so that nobody reads an older one after it. Throws `unavailable` when one of them runs and does not answer. Shared
   * with nobody: a request that waits for the sender's form must not wait for itself.
   */
  async fetchNewer(key: ObjectKey, thanNs: bigint, sender: string, span: Span): Promise<void> {
    const { member, hrw, nodeId } = this.#parts;
    // What is asked for at a target that is outdated is looked for elsewhere anyway.
    if (isSettled(member.snapshot) || this.isOutdated) return;
    const candidates = candidatesFor(key.uname, member.snapshot, hrw);
    if (![...candidates].some((id) => id !== sender && id !== nodeId)) return;
    const fetchNewest = (inquiry: Inquiry): Promise<boolean> => {
      const others = inquiry.others.filter(({ daemon_id: id }) => id !== sender && candidates.has(id));
      return this.#fetchNewest(key, thanNs, { inquiry, others, candidates });
    };
    const isRunning: typeof isAlive = (...asked) => this.#silent.isAlive(...asked);
    await this.#inSpan(SPAN.fetch, span, fetchNewest, isRunning);
  }

  async #fetch(key: ObjectKey, newerThanNs: bigint, inquiry: Inquiry): Promise<boolean> {
    const { others, snapshot } = inquiry;
    const candidates = candidatesFor(key.uname, snapshot, this.#parts.hrw);
    // With several, an older form must not be here before it is known who has the newest.
    if (others.filter(({ daemon_id: id }) => candidates.has(id)).length > 1)
      return this.#fetchNewest(key, newerThanNs, { inquiry, others, candidates });
    return this.#fetchFrom(key, newerThanNs, { inquiry, others, candidates });
  }

  async #fetchNewest(key: ObjectKey, newerThanNs: bigint, among: Among): Promise<boolean> {
    const { inquiry, others, candidates } = among;
    const looks = await inquiry.ask(key, handOverOf(newerThanNs, true), others);
    requireNewest(key, looks, candidates);
    const came = looks.some(({ found, createdNs }) => found && createdNs === 0n);
    const newestNs = looks.reduce((newest, { createdNs }) => (createdNs > newest ? createdNs : newest), 0n);
    if (newestNs === 0n) return came;
    const holders = looks.flatMap(({ node, createdNs }) => (createdNs === newestNs ? [node] : []));
    return (await this.#fetchFrom(key, newestNs - 1n, { inquiry, others: holders, candidates })) || came;
  }

  async #fetchFrom(key: ObjectKey, newerThanNs: bigint, among: Among): Promise<boolean> {
    const { inquiry, others, candidates } = among;
    const answers = await inquiry.ask(key, handOverOf(newerThanNs, false), others);
    requireNewest(key, answers, candidates);
    return answers.some(({ found }) => found);
  }

  async #inSpan(
    name: string,
    parent: Span,
    work: (inquiry: Inquiry) => Promise<boolean>,
    isRunning = isAlive,
  ): Promise<boolean> {
    const { member, caller, nodeId } = this.#parts;
    return withSpan(parent, name, async (span) => {
      const inquiry = new Inquiry(
        { caller, nodeId, isAlive: isRunning },
        member.snapshot,
        span.recording ? span : parent,
      );
      span.set(ATTRIBUTE.asked, inquiry.others.length);
      const found = await work(inquiry);
      span.set(ATTRIBUTE.found, found);
      return found;
    });
  }
}

function handOverOf(newerThanNs: bigint, looksOnly: boolean): Question {
  const range = { newerThanNs: newerThanNs.toString(), ...(looksOnly ? { looksOnly } : {}) };
  return { path: PATHS.intraHandOver, timeoutMs: HAND_OVER_MAX_MS, range };
}

/** Of the others a failure matters only where there was nothing: then nobody is known not to have it. */
function requireNewest(key: ObjectKey, answers: readonly Answer[], candidates: ReadonlySet<string>): void {
  const isFound = answers.some(({ found }) => found);
  requireAnswers(key, answers, (id) => !isFound || candidates.has(id));
}
